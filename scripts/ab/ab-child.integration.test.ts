import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type ProgressEvent, reportProgress } from '../../setup/lib/task-progress.ts';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { measureOnce } from './ab-child.ts';

/** In the run that is started below: the file that exists once its event has arrived. */
const ARRIVED = 'NESTBENCH_AB_CHILD_ARRIVED';
const arrived = process.env[ARRIVED];

const event: ProgressEvent = { task: 'l1-baseline', text: 'booting L1', state: 'running', secondsLeft: 18 };

test.runIf(arrived !== undefined)('reports its progress, in the run that is started below', async () => {
  console.log('kernel: this line is text and no event');
  reportProgress(event);
  await expect.poll(() => existsSync(arrived ?? ''), { timeout: 30_000 }).toBe(true);
});

test.skipIf(arrived !== undefined)(
  'a run of an A/B is followed by its events and not by its text, which is kept whole',
  async () => {
    const directory = temporaryDirectory();
    const log = path.join(directory, 'ab', 'round-1.log');
    process.env[ARRIVED] = path.join(directory, 'arrived');
    const events: ProgressEvent[] = [];
    const isWell = await measureOnce({
      suites: ['scripts/ab/ab-child.integration.test.ts'],
      projects: ['integration'],
      pattern: 'reports its progress',
      variant: 'stock',
      experiment: 'ab-child',
      log,
      onProgress: (its) => {
        events.push(its);
        writeFileSync(path.join(directory, 'arrived'), '');
      },
      onStart: () => {},
    });
    const text = readFileSync(log, 'utf8');
    expect({ isWell, text }).toMatchObject({ isWell: true });
    expect(events[0]).toMatchObject(event);
    expect(new Set(events.map(({ task }) => task))).toEqual(new Set(['l1-baseline']));
    expect(text).toContain('kernel: this line is text and no event');
    expect(text).toContain('l1-baseline: booting L1');
  },
  60_000,
);

/** A run whose main process, and then whose worker, is killed in the middle of a benchmark, and that is resumed. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { processArgv, processIds, processStat } from '../../setup/lib/proc.ts';
import { leftovers, type RecordOf, type Run } from './run.testing.ts';
import { test, warm } from './snapshots.testing.ts';

const EXPERIMENT = 'cut';
const NODE = 'node_modules/.bin/node';

/** The process that measures. */
function workerOf({ pid }: Run): number {
  const worker = processIds().find(
    (one) =>
      processStat(one)?.parent === pid && processArgv(one).some((word) => word.endsWith('worker-signals.ts')),
  );
  if (worker === undefined) throw new Error('there is no worker');
  return worker;
}

function place({ benchmark, run, iteration }: RecordOf<'sample'>): string {
  return `${benchmark} ${run}.${iteration}`;
}

/** All files that are made from the journal, by name. */
function derived(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(csv|html|json|md|yaml)$|^tables\.txt$/.test(name))
    .filter((name) => statSync(path.join(directory, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(path.join(directory, name), 'utf8')]));
}

test('each time it continues with the next iteration, and in the end it is as if it had never been cut off', async ({
  start,
  cache,
  place: places,
}) => {
  const environment = { ...warm(cache), PROFILE: 'quick' };
  const words = ['run', 'suites/l0', '-t', 'hackbench|netperf-rr'];
  const first = start(words, { experiment: EXPERIMENT, environment });
  await first.notes('sample', ({ iteration }) => iteration === 1);
  first.killGroup('SIGKILL');
  await first.end();
  const kept = first.recordsOf('sample');

  const second = start(words, { experiment: EXPERIMENT, environment: { ...environment, RESUME: '1' } });
  await second.notes('sample', ({ benchmark }) => benchmark === 'netperf-rr');
  process.kill(workerOf(second), 'SIGKILL');
  expect(await second.end()).toMatchObject({ exitCode: 1 });
  expect(second.output).toContain(`Experiment "${EXPERIMENT}" has ${kept.length} of 6 samples:`);
  const keptThen = second.recordsOf('sample');

  // It gets the profile from the journal.
  const { PROFILE: _, ...others } = environment;
  const resumed = { program: NODE, experiment: EXPERIMENT, environment: { ...others, PROFILE: '' } };
  const third = start(['scripts/resume.ts', EXPERIMENT], resumed);
  expect({ ended: await third.end(), output: third.output }).toMatchObject({ ended: { exitCode: 0 } });

  const samples = third.recordsOf('sample');
  expect(samples.map(place)).toEqual(
    ['hackbench', 'netperf-rr'].flatMap((name) => [1, 2, 3].map((iteration) => `${name} 1.${iteration}`)),
  );
  expect(samples.slice(0, keptThen.length)).toEqual(keptThen);
  expect(keptThen.slice(0, kept.length)).toEqual(kept);
  // Each sample names the boot that it was taken on, and there was one for each start.
  const boots = third.recordsOf('boot').map(({ id }) => id);
  expect(boots).toHaveLength(3);
  expect([...new Set(samples.map(({ boot }) => boot))]).toEqual(boots);
  expect(third.stdout).not.toContain('within one boot');
  expect(leftovers(places)).toEqual([]);

  const files = derived(third.directory);
  const again = start(['scripts/results.ts', EXPERIMENT], resumed);
  expect(await again.end()).toMatchObject({ exitCode: 0 });
  expect(derived(third.directory)).toEqual(files);

  const nothing = start(['scripts/resume.ts', EXPERIMENT], resumed);
  expect(await nothing.end()).toMatchObject({ exitCode: 0 });
  expect(nothing.output).toContain('Nothing is missing.');
  const other = start(words, {
    experiment: EXPERIMENT,
    environment: { ...environment, PROFILE: 'smoke', RESUME: '1' },
  });
  expect(await other.end()).toMatchObject({ exitCode: 1 });
  expect(other.output).toContain(`Experiment "${EXPERIMENT}" was measured with the profile quick`);
});

test('--within measures what fits, says what it leaves out, and a resume measures that', async ({
  start,
  cache,
}) => {
  const options = { experiment: 'short', environment: { ...warm(cache), PROFILE: 'smoke' } };
  const words = ['run', 'suites/l0', '-t', 'hackbench|netperf-rr|memcached'];
  const refused = start([...words, '--', '--within', '1s'], options);
  expect(await refused.end()).toMatchObject({ exitCode: 1 });
  const [, seconds] = /^WITHIN is 1 s, .* takes up to (\d+) s with its boot\.$/m.exec(refused.output) ?? [];
  expect(refused.recordsOf('boot')).toEqual([]);

  const short = start([...words, '--', '--within', `${Number(seconds) + 2}s`], options);
  await short.end();
  expect(short.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench']);
  const leftOut = short.recordsOf('skip').filter((skip) => skip.leftOut);
  expect(leftOut.map(({ benchmark }) => benchmark)).toEqual(['netperf-rr', 'memcached']);
  expect(short.output).toContain('left out');

  const rest = start(words, { ...options, environment: { ...options.environment, RESUME: '1' } });
  expect(await rest.end()).toMatchObject({ exitCode: 0 });
  const measured = rest.recordsOf('sample').map(({ benchmark }) => benchmark);
  expect(measured).toEqual(['hackbench', 'netperf-rr', 'memcached']);
});

/** The wait for a cell's first sample: from the start of the command to the start recorded in the journal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { Cell } from '../../fixtures/matrix.ts';
import { CommandError } from '../../setup/lib/errors.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import { sum } from '../../reporters/model/sum.ts';
import type { FirstSample } from './boot-result.ts';

const BENCHMARK = 'hackbench';

/**
 * Measures it once, for a cell that has a snapshot.
 * @throws NESTBENCH_COMMAND_FAILED if nothing was measured, or if the cell was not restored.
 */
export async function measureFirstSample(
  { name: cell, level }: Cell,
  round: number,
  signal: AbortSignal,
): Promise<FirstSample> {
  // A short path, because Unix sockets are created in it. It also gives the run its own testbed.
  const place = mkdtempSync(path.join(tmpdir(), 'nb-'));
  const argv = ['vitest', 'run', `suites/l${level}`, '--project', cell, '-t', BENCHMARK];
  try {
    const began = Date.now();
    const running = execa('npx', argv, {
      env: { TMPDIR: place, RESULTS: place, EXPERIMENT: 'first', PROFILE: 'smoke', BOOT: 'warm', RUNS: '1' },
      all: true,
      stdin: 'ignore',
      reject: false,
      // npx passes no signal on: its group gets it.
      detached: true,
    });
    const stop = (): void => {
      if (running.pid !== undefined) process.kill(-running.pid, 'SIGTERM');
    };
    signal.addEventListener('abort', stop, { once: true });
    const { exitCode, all } = await running;
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    const { records } = readJournal(path.join(place, 'first'));
    const experiment = records.find((record) => record.type === 'experiment');
    const boot = records.find((record) => record.type === 'boot');
    const sample = records.find((record) => record.type === 'sample');
    if (experiment === undefined || boot?.start?.kind !== 'warm' || sample === undefined) {
      throw new CommandError({
        message: `Could not measure the wait for the first warm sample of ${cell}: ${sample === undefined ? 'there was no sample' : 'the cell was not restored'} (exit code ${exitCode}).`,
        machine: 'host',
        output: all.slice(-2000),
      });
    }
    const phases = experiment.phases ?? [];
    const setup = sum(phases.filter(({ name }) => name !== 'Vitest').map((phase) => phase.seconds));
    const beforeSetup = (Date.parse(experiment.at) - began) / 1000 - setup;
    const worker = (Date.parse(boot.at) - Date.parse(experiment.at)) / 1000 - boot.seconds;
    return {
      cell,
      level,
      round,
      seconds: (Date.parse(sample.started) - began) / 1000,
      vitestSeconds: beforeSetup + worker,
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

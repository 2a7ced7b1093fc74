/**
 * `npm run bench:against`: runs one command of Vitest's in another checkout of nestbench and in this one, in turn.
 * Prints how long a user waits for its first sample and for its end.
 */
import { existsSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { words } from '../setup/lib/error-text.ts';
import { CommandError } from '../setup/lib/errors.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { orderOf } from './ab/ab-plan.ts';
import { AGAINST_USAGE, type AgainstOptions, parseAgainstOptions } from './bench/bench-against-options.ts';
import { cpuSeconds } from './bench/cpu-seconds.ts';
import { firstSampleAt } from './bench/first-sample-at.ts';
import { inTurnTable, type Row } from './bench/in-turn-table.ts';
import { runScript } from './cli/run-script.ts';

/** Characters of a failed run's output that are shown. */
const OUTPUT_END = 2000;
const EXPERIMENT = 'against';

/** One run of the command. Times are seconds from its start. */
interface Run {
  readonly firstSample: number;
  readonly end: number;
  readonly cpu: number;
}

const ROWS: readonly Row<Run>[] = [
  { name: 'first sample', of: (run) => run.firstSample, unit: 's' },
  { name: 'its end', of: (run) => run.end, unit: 's' },
  { name: 'CPU time', of: (run) => run.cpu, unit: 's' },
];

await runScript(AGAINST_USAGE, () => compare(parseAgainstOptions(process.argv.slice(2))));

async function compare({ base, cache, rounds, isPrepared, argv }: AgainstOptions): Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const giveBack = onStopSignals({
    stop: (by) => stopping.abort(new Error(`stopped by ${by}`)),
    // The command that is stopped ends its own.
    endMachines: async () => {},
    kept: () => 'Nothing of it is kept.',
    log,
  });
  const environment = { base: cache === undefined ? {} : { XDG_CACHE_HOME: cache }, head: {} };
  const directory = { base, head: process.cwd() };
  const runs: Readonly<Record<'base' | 'head', Run[]>> = { base: [], head: [] };
  try {
    for (let round = isPrepared ? 1 : 0; round <= rounds; round++) {
      for (const side of orderOf(round)) {
        const which = round === 0 ? 'Not counted' : `Round ${round} of ${rounds}`;
        log(`${which}, ${side} (${directory[side]})`);
        const run = await runOnce(directory[side], argv, environment[side], signal);
        log(`  first sample after ${run.firstSample.toFixed(1)} s, end after ${run.end.toFixed(1)} s`);
        if (round > 0) runs[side].push(run);
      }
    }
  } catch (thrown) {
    // What a stopped run did not measure is no fault.
    if (signal.aborted) return;
    throw thrown;
  } finally {
    giveBack();
  }
  log(`\n${words(argv)}\n${inTurnTable(ROWS, runs.base, runs.head)}`);
}

/** @throws {CommandError} with the output's end, if not everything was measured. */
async function runOnce(
  cwd: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Run> {
  // A short path, because Unix sockets are created in it. It also gives the run its own testbed.
  using place = mkdtempDisposableSync(path.join(tmpdir(), 'nb-'));
  const own = { TMPDIR: place.path, RESULTS: place.path, EXPERIMENT, NO_COLOR: '1' };
  const cpuBefore = cpuSeconds();
  const began = Date.now();
  // Without npx, which passes no signal on. A killed bench leaves no run behind.
  const { exitCode, all } = await execa('setpriv', ['--pdeathsig', 'TERM', '--', ...argv], {
    cwd,
    preferLocal: true,
    localDir: cwd,
    env: { ...own, ...environment },
    all: true,
    stdin: 'ignore',
    reject: false,
    // It ends its machines in order.
    forceKillAfterDelay: false,
    cancelSignal: signal,
  });
  const end = (Date.now() - began) / 1000;
  signal.throwIfAborted();
  const journal = path.join(place.path, EXPERIMENT, 'journal.ndjson');
  const first = existsSync(journal) ? firstSampleAt(journal) : undefined;
  if (exitCode !== 0 || first === undefined) {
    throw new CommandError({
      message: `${words(argv)} in ${cwd} ${first === undefined ? 'measured nothing' : 'failed'} (exit code ${exitCode}):\n${all.slice(-OUTPUT_END)}`,
      machine: 'host',
      output: all.slice(-OUTPUT_END),
    });
  }
  return { firstSample: (first - began) / 1000, end, cpu: cpuSeconds() - cpuBefore };
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

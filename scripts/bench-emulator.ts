/**
 * `npm run bench:emulator`: boots a cell cold with two emulators in turn, and measures netperf-rr on it. Prints how long
 * the boots took, what was measured, and the CPU time of it all.
 */
import { existsSync, mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { statisticsOf } from '../fixtures/statistics/statistics.ts';
import type { JournalRecord } from '../fixtures/records.ts';
import { STOCK } from '../fixtures/variant.ts';
import { describeProgress } from '../reporters/terminal/progress-line.ts';
import { JOURNAL_FILE } from '../setup/journal/journal.ts';
import { readJournal } from '../setup/journal/journal-reader.ts';
import { CommandError } from '../setup/lib/errors.ts';
import { findVariant } from '../setup/run/find-variant.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { measureOnce } from './ab/ab-child.ts';
import { orderOf } from './ab/ab-plan.ts';
import { cpuSeconds } from './bench/cpu-seconds.ts';
import { inTurnTable, type Row } from './bench/in-turn-table.ts';
import { parseCommandLine, unknownSetting, wholeNumber } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run bench:emulator -- --base VARIANT [--head VARIANT] [--level 1|2|3] [--rounds N]';
const BENCHMARK = 'netperf-rr';
const MAX_ROUNDS = 100;
/** Characters of a failed run's output that are shown. */
const LOG_END = 2000;

await runScript(USAGE, async () => {
  const { values } = parseCommandLine(
    process.argv.slice(2),
    {
      base: { type: 'string' },
      head: { type: 'string', default: STOCK },
      level: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
    },
    USAGE,
  );
  const { base, head } = values;
  if (base === undefined) throw unknownSetting('Name the other emulator with --base.', USAGE);
  const level = wholeNumber('--level', values.level, [1, 3], USAGE);
  const rounds = wholeNumber('--rounds', values.rounds, [1, MAX_ROUNDS], USAGE);
  for (const variant of [base, head]) findVariant(variant);
  await compare({ base, head }, level, rounds);
});

/** One cold boot with one of the two emulators, and what was measured on it. */
interface EmulatorRun {
  /** From the start of the first machine to `Ready to run experiments!`. */
  readonly bootSeconds: number;
  /** Transactions per second, the mean of the boot's samples. */
  readonly rate: number;
  readonly cpuSeconds: number;
}

const ROWS: readonly Row<EmulatorRun>[] = [
  { name: 'cold boot', of: (run) => run.bootSeconds, unit: 's' },
  { name: BENCHMARK, of: (run) => run.rate, unit: '/s' },
  { name: 'CPU time of all', of: (run) => run.cpuSeconds, unit: 's' },
];

type Sides<T> = Readonly<Record<'base' | 'head', T>>;

async function compare(variants: Sides<string>, level: number, rounds: number): Promise<void> {
  const runs: Sides<EmulatorRun[]> = { base: [], head: [] };
  let signalChild: ((name: NodeJS.Signals) => void) | undefined;
  let isStopped = false;
  using place = mkdtempDisposableSync(path.join(tmpdir(), 'nb-'));
  const giveBack = onStopSignals({
    stop: (by) => {
      isStopped = true;
      signalChild?.(by);
    },
    endMachines: async () => signalChild?.('SIGTERM'),
    kept: () => 'Nothing of it is kept.',
    log,
  });
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const side of orderOf(round)) {
        log(`Round ${round} of ${rounds}, ${side} (${variants[side]})`);
        const run = await bootAndMeasure(
          variants[side],
          level,
          path.join(place.path, `${round}-${side}`),
          (by) => {
            signalChild = by;
          },
        );
        if (isStopped) return;
        log(
          `  cold boot ${run.bootSeconds.toFixed(1)} s, ${BENCHMARK} ${run.rate.toFixed(1)} /s, CPU ${run.cpuSeconds.toFixed(1)} s`,
        );
        runs[side].push(run);
      }
    }
  } catch (thrown) {
    // What a stopped run did not measure is no fault.
    if (isStopped) return;
    throw thrown;
  } finally {
    giveBack();
  }
  log(`\n${inTurnTable(ROWS, runs.base, runs.head)}`);
}

/** @throws {CommandError} with the log's end if it did not boot or nothing was measured. */
async function bootAndMeasure(
  variant: string,
  level: number,
  results: string,
  onStart: (signal: (name: NodeJS.Signals) => void) => void,
): Promise<EmulatorRun> {
  const cell = `l${level}-baseline`;
  const file = path.join(results, 'log');
  const before = cpuSeconds();
  await measureOnce({
    suites: [`suites/l${level}`],
    projects: [cell],
    pattern: BENCHMARK,
    variant,
    experiment: 'emulator',
    environment: { RESULTS: results },
    log: file,
    onProgress: (event) => log(`  ${describeProgress(event, event.seconds ?? 0)}`),
    onStart,
  });
  const used = cpuSeconds() - before;
  const records = recordsIn(path.join(results, 'emulator'));
  const boot = records.find((record) => record.type === 'boot');
  const samples = records.flatMap((record) => (record.type === 'sample' ? [record.value] : []));
  if (boot === undefined || samples.length === 0) {
    throw new CommandError({
      message: `Nothing was measured in ${cell} with the emulator of ${variant}.`,
      machine: 'host',
      output: readFileSync(file, 'utf8').slice(-LOG_END),
    });
  }
  return { bootSeconds: boot.seconds, rate: statisticsOf(samples).mean, cpuSeconds: used };
}

/** None if the run ended before it had a journal. */
function recordsIn(experiment: string): readonly JournalRecord[] {
  return existsSync(path.join(experiment, JOURNAL_FILE)) ? readJournal(experiment).records : [];
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

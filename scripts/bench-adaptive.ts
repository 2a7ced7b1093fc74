/**
 * `npm run bench:adaptive`: ends complete series as PROFILE=adaptive would have ended them. Prints how many samples
 * that took, and how often the interval held the true mean. The exit code is 1 if it does not hold at its nominal rate
 * for independent, nearly normal series. The same seed gives the same numbers.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { momentsOf } from '../fixtures/statistics/moments.ts';
import { byRule, byTwoStages, type Ending, tally } from './bench/replay.ts';
import { MIN_SAMPLES, SEQUENTIAL_CONFIDENCE, untilNarrow } from '../fixtures/statistics/stop-rule.ts';
import { syntheticSeries } from './bench/synthetic-series.ts';
import ProgressReporter from '../reporters/progress.ts';
import { count } from '../setup/lib/count.ts';
import { reportProgress } from '../setup/lib/task-progress.ts';
import { adaptiveTable, holds, type Replayed } from './bench/adaptive-table.ts';
import { type BenchOptions, parseBenchOptions, USAGE } from './bench/bench-adaptive-options.ts';
import { readExperiment } from './cli/read-experiment.ts';
import { MIN_VALUES, keptSeries, type Recorded, seriesOf } from './bench/recorded-series.ts';
import { runScript } from './cli/run-script.ts';

/** The paper's number of samples for most benchmarks. */
const MAX_SAMPLES = 40;
const NOMINAL = 0.95;
const COLUMNS = process.stdout.columns || 120;

/** A source of runs of samples; one row of the table. */
interface Source {
  readonly name: string;
  readonly mustHold: boolean;
  readonly mean: number;
  readonly series: (random: RandomGenerator) => Iterable<readonly (readonly number[])[]>;
}

await runScript(USAGE, async () => {
  const options = parseBenchOptions(process.argv.slice(2));
  const sources = [
    ...syntheticSources(options),
    ...[...keptSeries(), ...journalSeries(options.experiments)].flatMap((recorded) =>
      recordedSources(recorded, options),
    ),
  ];
  const rows = await replayAll(sources, options);
  const { target } = options;
  const table = { target, min: MIN_SAMPLES, max: MAX_SAMPLES, nominal: NOMINAL, columns: COLUMNS };
  process.stdout.write(`${adaptiveTable(rows, table)}\n`);
  if (rows.some((row) => row.mustHold && !holds(row, NOMINAL))) process.exitCode = 1;
});

function syntheticSources({ target, repeats }: BenchOptions): Source[] {
  return syntheticSeries(target, MAX_SAMPLES).map(({ name, mustHold, runs, mean, start }) => ({
    name,
    mustHold,
    mean,
    *series(random) {
      for (let repeat = 0; repeat < repeats; repeat++) {
        yield Array.from({ length: runs }, () => Array.from({ length: MAX_SAMPLES }, start(random)));
      }
    },
  }));
}

/**
 * @throws {InputError} if there is no such experiment.
 */
function journalSeries(experiments: readonly string[]): Recorded[] {
  const all: Recorded[] = [];
  for (const experiment of experiments) {
    const { results } = readExperiment(experiment);
    const { series, short } = seriesOf(experiment, results);
    if (short > 0) {
      console.error(
        `${experiment}: ${count(short, 'run')} of less than ${MIN_VALUES} samples left out: too few to draw from.`,
      );
    }
    all.push(...series);
  }
  return all;
}

/**
 * Two ways to make many series from one: values drawn from it in random order, which are independent; and, if it is
 * long enough, all contiguous parts of it, with drift and everything else they have. These parts overlap, so their
 * share is rough. The mean of all values stands for the true mean.
 */
function recordedSources({ name, values }: Recorded, { repeats }: BenchOptions): Source[] {
  const { mean } = momentsOf(values);
  const drawn: Source = {
    name: `${name}, drawn`,
    mustHold: false,
    mean,
    *series(random) {
      for (let repeat = 0; repeat < repeats; repeat++) {
        yield [
          Array.from(
            { length: MAX_SAMPLES },
            () => values[uniformInt(random, 0, values.length - 1)] ?? Number.NaN,
          ),
        ];
      }
    },
  };
  const contiguous: Source = {
    name: `${name}, in order`,
    mustHold: false,
    mean,
    *series() {
      for (let first = 0; first + MAX_SAMPLES <= values.length; first++)
        yield [values.slice(first, first + MAX_SAMPLES)];
    },
  };
  return values.length >= 3 * MAX_SAMPLES ? [drawn, contiguous] : [drawn];
}

async function replayAll(sources: readonly Source[], { target, seed }: BenchOptions): Promise<Replayed[]> {
  const rule = untilNarrow(target, MAX_SAMPLES);
  const ways = {
    ours: byRule(rule, SEQUENTIAL_CONFIDENCE),
    fixed: { ...byRule(rule, NOMINAL), takes: () => MAX_SAMPLES },
    naive: byRule({ ...rule, ...(rule.kind === 'fixed' ? {} : { confidence: NOMINAL }) }, NOMINAL),
    twoStages: byTwoStages(MIN_SAMPLES, target, MAX_SAMPLES, NOMINAL),
  };
  const progress = new ProgressReporter();
  progress.onTestRunStart();
  try {
    const began = performance.now();
    const rows: Replayed[] = [];
    const random = xoroshiro128plus(seed);
    for (const [index, source] of sources.entries()) {
      const secondsLeft =
        index === 0 ? undefined : ((performance.now() - began) / 1000 / index) * (sources.length - index);
      reportProgress({
        task: 'bench:adaptive',
        text: `series ${index + 1} of ${sources.length}`,
        state: 'running',
        fraction: index / sources.length,
        secondsLeft,
      });
      // Lets the progress line be drawn.
      await new Promise((resolve) => void setTimeout(resolve, 0));
      // All methods get the same series. Jumps of the generator keep the series of two sources independent.
      const of = (way: Ending) => tally(source.series(random.clone()), way, source.mean);
      const { name, mustHold } = source;
      rows.push({
        name,
        mustHold,
        ours: of(ways.ours),
        fixed: of(ways.fixed),
        naive: of(ways.naive),
        twoStages: of(ways.twoStages),
      });
      random.jump();
    }
    return rows;
  } finally {
    progress.onTestRunEnd();
  }
}

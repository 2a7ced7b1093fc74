/** The options of `npm run bisect`. */
import { MICROBENCHMARK_NAMES } from '../../fixtures/benchmarks/micro.ts';
import { CELLS, configurationOf, hasMicrobenchmarks } from '../../fixtures/matrix.ts';
import { type Suite, SUITES } from '../../fixtures/variant.ts';
import type { InputError } from '../../setup/lib/errors.ts';
import { startName } from '../../setup/lib/start-name.ts';
import { parseCommandLine, resultsName, unknownSetting } from '../cli/arguments.ts';
import type { StepsOptions } from './steps-command.ts';

export const USAGE =
  'npm run bisect -- --repository DIRECTORY --good COMMIT --bad COMMIT --cell CELL --benchmark NAME... [--any] [--threshold 1%] [--suite SUITE] [--name NAME], or npm run bisect -- --continue [--name NAME]';

export const HELP = `${USAGE}
Finds the commits of a Linux repository that changed what an operation costs, in virtual time.

  --repository DIRECTORY  a git repository of Linux; it is only read
  --good, --bad COMMIT    the ends; the good one must be part of the bad one's history
  --cell CELL             where to measure: ${bisectCells().join(', ')}
  --benchmark NAME        what to measure; can be repeated: ${MICROBENCHMARK_NAMES.join(', ')}
  --any                   a change of any of them is enough; without --benchmark, watch all
  --threshold 1%          the smallest change that counts (default: 1%)
  --suite SUITE           the Debian release whose compiler builds: ${SUITES.join(', ')} (default: ${SUITES[0]})
  --name NAME             the folder under results/ (default: bisect-START)
  --continue              continue the last one, or the one called NAME

Exit code: 0 if the commits were found, 2 otherwise.
`;

export interface BisectWords {
  /** As the user wrote it. */
  readonly repository: string;
  readonly good: string;
  readonly bad: string;
  readonly cell: string;
  readonly benchmarks: readonly string[];
  readonly any: boolean;
  readonly threshold: number;
  readonly suite: Suite;
}

export type BisectOptions = StepsOptions<BisectWords>;

/** Those with microbenchmarks, of a kernel without patches. */
export function bisectCells(): string[] {
  return CELLS.filter(
    (cell) => hasMicrobenchmarks(cell) && configurationOf(cell).mechanisms === undefined,
  ).map(({ name }) => name);
}

export function parseBisectOptions(argv: readonly string[], now: Date): BisectOptions {
  const { values, positionals } = parse(argv);
  const [extra] = positionals;
  if (extra !== undefined) throw unknown(`"${extra}" belongs to no option.`);
  const name = resultsName(values.name, USAGE);
  const { continue: isContinued, ...others } = values;
  if (isContinued) {
    const { name: _, benchmark, any, ...rest } = others;
    const isAlone =
      benchmark.length === 0 && !any && Object.values(rest).every((value) => value === undefined);
    if (!isAlone)
      throw unknown('--continue takes only --name: the rest is in the bisection that it continues.');
    return { command: 'continue', name };
  }
  const { repository, good, bad, cell, any, threshold = '1%' } = values;
  if (repository === undefined || good === undefined || bad === undefined || cell === undefined) {
    throw unknown('Name --repository, --good, --bad and --cell.');
  }
  if (!bisectCells().includes(cell)) {
    throw unknown(`--cell is "${cell}": it must be one of ${bisectCells().join(', ')}.`);
  }
  return {
    command: 'start',
    name: name ?? `bisect-${startName(now)}`,
    repository,
    good,
    bad,
    cell,
    benchmarks: benchmarksOf(values.benchmark, any),
    any,
    threshold: thresholdOf(threshold),
    suite: suiteOf(values.suite, USAGE),
  };
}

function parse(argv: readonly string[]) {
  return parseCommandLine(
    argv,
    {
      repository: { type: 'string' },
      good: { type: 'string' },
      bad: { type: 'string' },
      cell: { type: 'string' },
      benchmark: { type: 'string', multiple: true, default: [] },
      any: { type: 'boolean', default: false },
      threshold: { type: 'string' },
      suite: { type: 'string' },
      name: { type: 'string' },
      continue: { type: 'boolean', default: false },
    },
    USAGE,
  );
}

function benchmarksOf(names: readonly string[], any: boolean): string[] {
  if (names.length === 0 && any) return [...MICROBENCHMARK_NAMES];
  if (names.length === 0) throw unknown('Name a --benchmark, or watch all with --any.');
  return knownBenchmarks(names, USAGE);
}

/**
 * Each once.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING.
 */
export function knownBenchmarks(names: readonly string[], usage: string): string[] {
  const wrong = names.find((name) => !MICROBENCHMARK_NAMES.some((known) => known === name));
  if (wrong === undefined) return [...new Set(names)];
  throw unknownSetting(
    `--benchmark is "${wrong}": it must be one of ${MICROBENCHMARK_NAMES.join(', ')}.`,
    usage,
  );
}

function thresholdOf(text: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  const threshold = Number(percent) / 100;
  if (threshold > 0 && threshold < 1) return threshold;
  throw unknown(`--threshold is "${text}": it must be a percentage between 0 and 100, such as 1%.`);
}

/** @throws {InputError} NESTBENCH_UNKNOWN_SETTING. */
export function suiteOf(text: string | undefined, usage: string): Suite {
  const suite = SUITES.find((one) => one === (text ?? SUITES[0]));
  if (suite !== undefined) return suite;
  throw unknownSetting(`--suite is "${text}": it must be one of ${SUITES.join(', ')}.`, usage);
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}

/** The options of `npm run series`. */
import { MICROBENCHMARK_NAMES } from '../../fixtures/benchmarks/micro.ts';
import { type Suite, SUITES } from '../../fixtures/variant.ts';
import type { InputError } from '../../setup/lib/errors.ts';
import { startName } from '../../setup/lib/start-name.ts';
import { parseCommandLine, resultsName, unknownSetting } from '../cli/arguments.ts';
import { bisectCells, knownBenchmarks, suiteOf } from './bisect-options.ts';
import { levelsOf } from './run-bisect.ts';
import type { StepsOptions } from './steps-command.ts';

export const USAGE =
  'npm run series -- --repository DIRECTORY (REVISION... | FROM..TO --tags) [--cell CELL...] [--benchmark NAME...] [--suite SUITE] [--name NAME], or npm run series -- --continue [--name NAME]';

/** Those measured by default. */
const CELLS = levelsOf('l1-baseline');

export const HELP = `${USAGE}
Measures what operations cost with several kernels of a Linux repository, in virtual time.

  --repository DIRECTORY  a git repository of Linux; it is only read
  REVISION...             tags, branches or commits, in the order of the figure
  FROM..TO --tags         all tags from FROM to TO, without release candidates
  --cell CELL             where to measure; can be repeated: ${bisectCells().join(', ')} (default: ${CELLS.join(', ')})
  --benchmark NAME        what to measure; can be repeated: ${MICROBENCHMARK_NAMES.join(', ')} (default: all)
  --suite SUITE           the Debian release whose compiler builds: ${SUITES.join(', ')} (default: ${SUITES[0]})
  --name NAME             the folder under results/ (default: series-START)
  --continue              continue the last one, or the one called NAME

Exit code: 0 if at least one kernel was measured and all were tried, otherwise 2.
`;

export interface SeriesWords {
  /** As the user wrote it. */
  readonly repository: string;
  /** The ends whose tags are measured; otherwise the revisions are named. */
  readonly range: { readonly from: string; readonly to: string } | undefined;
  readonly revisions: readonly string[];
  readonly cells: readonly string[];
  readonly benchmarks: readonly string[];
  readonly suite: Suite;
}

export type SeriesOptions = StepsOptions<SeriesWords>;

export function parseSeriesOptions(argv: readonly string[], now: Date): SeriesOptions {
  const { values, positionals } = parseCommandLine(
    argv,
    {
      repository: { type: 'string' },
      tags: { type: 'boolean', default: false },
      cell: { type: 'string', multiple: true, default: [] },
      benchmark: { type: 'string', multiple: true, default: [] },
      suite: { type: 'string' },
      name: { type: 'string' },
      continue: { type: 'boolean', default: false },
    },
    USAGE,
  );
  const { repository, tags, cell, benchmark, suite } = values;
  const name = resultsName(values.name, USAGE);
  if (values.continue) {
    const given = [repository, suite, ...positionals, ...cell, ...benchmark];
    if (!tags && given.every((value) => value === undefined)) return { command: 'continue', name };
    throw unknown('--continue takes only --name: the rest is in the series that it continues.');
  }
  if (repository === undefined) throw unknown('Name --repository.');
  return {
    command: 'start',
    name: name ?? `series-${startName(now)}`,
    repository,
    ...revisionsOf(positionals, tags),
    cells: cellsOf(cell),
    benchmarks: benchmark.length === 0 ? MICROBENCHMARK_NAMES : knownBenchmarks(benchmark, USAGE),
    suite: suiteOf(suite, USAGE),
  };
}

function revisionsOf(words: readonly string[], tags: boolean): Pick<SeriesWords, 'range' | 'revisions'> {
  const range = words.find((word) => word.includes('..'));
  if (range === undefined && !tags) {
    if (words.length >= 2) return { range: undefined, revisions: words };
    throw unknown('Name at least two revisions, or the tags of a range: v6.1..v6.12 --tags.');
  }
  const [, from, to] = /^(.*[^.])\.\.([^.].*)$/.exec(range ?? '') ?? [];
  if (from === undefined || to === undefined || words.length > 1) {
    throw unknown('--tags takes one range, FROM..TO, such as v6.1..v6.12.');
  }
  if (tags) return { range: { from, to }, revisions: [] };
  throw unknown(
    `Add --tags to measure the tags of ${from}..${to}. Which of its commits changed a cost, npm run bisect finds.`,
  );
}

function cellsOf(names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !bisectCells().includes(name));
  if (wrong !== undefined) {
    throw unknown(`--cell is "${wrong}": it must be one of ${bisectCells().join(', ')}.`);
  }
  // From the lowest level up: a kernel that fails at one is not tried above it.
  return names.length === 0 ? CELLS : bisectCells().filter((cell) => names.includes(cell));
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}

/** The options of `npm run explain`. */
import { isMicrobenchmark } from '../../fixtures/benchmarks/index.ts';
import { MICROBENCHMARK_NAMES, type MicrobenchmarkName } from '../../fixtures/benchmarks/micro.ts';
import { type Cell, CELLS, findCell, hasMicrobenchmarks } from '../../fixtures/matrix.ts';
import type { Explanation } from '../../reporters/explain/explanation.ts';
import { readExplanation } from '../../reporters/explain/read-explanation.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { placesOfExperiments } from '../cli/read-experiment.ts';
import { parseCommandLine, unknownSetting } from '../cli/arguments.ts';

export const USAGE = 'npm run explain -- --cell CELL --operation OPERATION [--sequence] [--compare BASE]';

export const HELP = `${USAGE}
Shows where the instructions of one operation go: by level, by the exit that is handled, and by function.

  --cell CELL            such as l2-baseline: a cell with microbenchmarks
  --operation OPERATION  ${MICROBENCHMARK_NAMES.join(', ')}
  --sequence             also prints one operation step by step
  --compare BASE         shows the difference to another cell, or to an earlier result: its folder under results/

The page and its numbers go to results/explain-TIME. VARIANT selects another kernel.
Exit code: 0 if it was explained, else 2.
`;

export interface ExplainOptions {
  readonly cell: Cell;
  readonly operation: MicrobenchmarkName;
  readonly sequence: boolean;
  readonly compare: Base | undefined;
}

/** What is compared with: a cell, which is recorded too, or an earlier result. */
export type Base =
  | { readonly cell: Cell; readonly explained?: undefined }
  | { readonly cell?: undefined; readonly explained: Explanation };

export function parseExplainOptions(argv: readonly string[]): ExplainOptions {
  const { values, positionals } = parseCommandLine(
    argv,
    {
      cell: { type: 'string' },
      operation: { type: 'string' },
      sequence: { type: 'boolean', default: false },
      compare: { type: 'string' },
    },
    USAGE,
  );
  const [word] = positionals;
  if (word !== undefined) throw unknownSetting(`"${word}" is not an option.`, USAGE);
  if (values.cell === undefined) throw unknownSetting('--cell is missing.', USAGE);
  const { operation = '' } = values;
  if (!isMicrobenchmark(operation)) {
    const why = operation === '' ? '--operation is missing' : `There is no operation "${operation}"`;
    throw new InputError(
      'NESTBENCH_UNKNOWN_BENCHMARK',
      `${why}: it is one of ${MICROBENCHMARK_NAMES.join(', ')}. Usage: ${USAGE}.`,
    );
  }
  const { sequence, compare } = values;
  return {
    cell: explainableCell(values.cell),
    operation,
    sequence,
    compare: compare === undefined ? undefined : baseOf(compare),
  };
}

/** @throws {InputError} if it is neither a cell nor a result. */
function baseOf(name: string): Base {
  const explained = readExplanation(name, placesOfExperiments());
  return explained === undefined ? { cell: explainableCell(name) } : { explained };
}

/** @throws {InputError} NESTBENCH_UNKNOWN_CELL for one without microbenchmarks. */
export function explainableCell(name: string): Cell {
  const cell = findCell(name);
  if (cell !== undefined && hasMicrobenchmarks(cell)) return cell;
  const there = CELLS.filter(hasMicrobenchmarks)
    .map((each) => each.name)
    .join(', ');
  throw new InputError(
    'NESTBENCH_UNKNOWN_CELL',
    `There is no cell "${name}" with microbenchmarks. Those with are ${there}. Usage: ${USAGE}.`,
  );
}

/** The options of `npm run bench:boot`. */
import { type Cell, findCell } from '../../fixtures/matrix.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { parseCommandLine, wholeNumber } from '../cli/arguments.ts';

export const USAGE =
  'npm run bench:boot -- [l1] [l2] [l3] [--rounds N] [--stock-deadline SECONDS | --without-stock], where no level means all three';

export interface BenchOptions {
  readonly cells: readonly Cell[];
  readonly rounds: number;
  /** Leaves out stock, which takes minutes at L3. */
  readonly withoutStock: boolean;
  /** How long a stock stack may take to come up. */
  readonly stockDeadlineSeconds: number;
}

const LEVELS = ['l1', 'l2', 'l3'];
const MAX_ROUNDS = 1000;
const DAY_SECONDS = 86_400;

export function parseBenchOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  const selected = positionals.length === 0 ? LEVELS : LEVELS.filter((level) => positionals.includes(level));
  const unknown = positionals.find((word) => !LEVELS.includes(word));
  if (unknown !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_CELL',
      `There is no level "${unknown}" to boot. Usage: ${USAGE}.`,
    );
  }
  return {
    cells: selected.flatMap((level) => findCell(`${level}-baseline`) ?? []),
    withoutStock: values['without-stock'],
    rounds: wholeNumber('--rounds', values.rounds, [1, MAX_ROUNDS], USAGE),
    stockDeadlineSeconds: wholeNumber('--stock-deadline', values['stock-deadline'], [1, DAY_SECONDS], USAGE),
  };
}

function parse(argv: readonly string[]) {
  return parseCommandLine(
    argv,
    {
      rounds: { type: 'string', default: '1' },
      'stock-deadline': { type: 'string', default: '300' },
      'without-stock': { type: 'boolean', default: false },
    },
    USAGE,
  );
}

/** The options of `npm run bench:adaptive`. */
import { parseTarget } from '../../setup/run/settings.ts';
import { parseCommandLine, wholeNumber } from '../cli/arguments.ts';

export const USAGE =
  'npm run bench:adaptive -- [EXPERIMENT...] [--target 2%] [--repeats N] [--seed N], where each EXPERIMENT is also replayed: "latest", a name under results/, or a path';

export interface BenchOptions {
  readonly experiments: readonly string[];
  /** As a share of the mean. */
  readonly target: number;
  /** How many series of each kind are made. */
  readonly repeats: number;
  readonly seed: number;
}

/**
 * With fewer, the error of a share is above 1.5 %, which can't distinguish a rule that holds from one that does not.
 */
const MIN_REPEATS = 200;
const MAX_REPEATS = 1_000_000;

export function parseBenchOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  return {
    experiments: positionals,
    target: parseTarget(values.target, '--target'),
    repeats: wholeNumber('--repeats', values.repeats, [MIN_REPEATS, MAX_REPEATS], USAGE),
    seed: wholeNumber('--seed', values.seed, [0, 2 ** 31 - 1], USAGE),
  };
}

function parse(argv: readonly string[]) {
  return parseCommandLine(
    argv,
    {
      target: { type: 'string', default: '2%' },
      repeats: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
    },
    USAGE,
  );
}

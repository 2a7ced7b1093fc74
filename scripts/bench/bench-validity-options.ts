/** The options of `npm run bench:validity`. */
import { parseCommandLine, wholeNumber } from '../cli/arguments.ts';

export const USAGE =
  'npm run bench:validity -- [--count N] [--seed N] [NAME...], where each NAME is part of a printed line; without one, all lines';

export interface ValidityOptions {
  /** How many experiments are simulated for each line. */
  readonly count: number;
  readonly seed: number;
  readonly names: readonly string[];
}

/** With fewer, three standard errors of a rate of 95 % are more than 5 %. */
const MIN_COUNT = 200;
const MAX_COUNT = 1_000_000;

export function parseValidityOptions(argv: readonly string[]): ValidityOptions {
  const { values, positionals } = parseCommandLine(
    argv,
    {
      count: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
    },
    USAGE,
  );
  return {
    count: wholeNumber('--count', values.count, [MIN_COUNT, MAX_COUNT], USAGE),
    seed: wholeNumber('--seed', values.seed, [0, 2 ** 31 - 1], USAGE),
    names: positionals,
  };
}

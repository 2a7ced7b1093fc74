/** The options of `npm run bench:against`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseCommandLine, unknownSetting, wholeNumber } from '../cli/arguments.ts';

export const AGAINST_USAGE =
  'npm run bench:against -- CHECKOUT [--rounds N] [--cache DIRECTORY] [--prepared] -- ARGUMENTS OF VITEST, as in suites/l2 --project l2-baseline -t hackbench -- --cold';

export interface AgainstOptions {
  /** The other checkout, with its packages installed. */
  readonly base: string;
  /** Its XDG_CACHE_HOME, if it is too old to share this one's. */
  readonly cache: string | undefined;
  readonly rounds: number;
  /** Whether both have already built and saved what they need, so that the first run counts. */
  readonly isPrepared: boolean;
  /** The command. */
  readonly argv: readonly string[];
}

const MAX_ROUNDS = 100;

/** @throws {InputError} NESTBENCH_UNKNOWN_SETTING. */
export function parseAgainstOptions(argv: readonly string[]): AgainstOptions {
  const { values, positionals } = parseCommandLine(
    argv,
    {
      rounds: { type: 'string', default: '3' },
      cache: { type: 'string' },
      prepared: { type: 'boolean', default: false },
    },
    AGAINST_USAGE,
  );
  const [checkout, ...selection] = positionals;
  if (checkout === undefined || selection.length === 0) {
    throw unknownSetting(
      'Name another checkout of nestbench, and after "--" what Vitest is to run.',
      AGAINST_USAGE,
    );
  }
  for (const needed of ['vitest.config.ts', 'node_modules']) {
    if (!existsSync(path.join(checkout, needed)))
      throw unknownSetting(
        `${checkout} is not a checkout of nestbench with its packages: it has no ${needed}.`,
        AGAINST_USAGE,
      );
  }
  return {
    base: path.resolve(checkout),
    cache: values.cache === undefined ? undefined : path.resolve(values.cache),
    rounds: wholeNumber('--rounds', values.rounds, [1, MAX_ROUNDS], AGAINST_USAGE),
    isPrepared: values.prepared,
    argv: ['vitest', 'run', ...selection],
  };
}

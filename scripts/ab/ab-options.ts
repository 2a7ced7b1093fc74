/** The options of `npm run ab`. */
import type { InputError } from '../../setup/lib/errors.ts';
import type { Look } from '../../reporters/verdict/comparison.ts';
import { looksOf } from './ab-plan.ts';
import { SIGNIFICANCE } from '../../reporters/verdict/compare-settings.ts';
import { startName } from '../../setup/lib/start-name.ts';
import { parseCommandLine, resultsName, unknownSetting, wholeNumber } from '../cli/arguments.ts';

export const USAGE =
  'npm run ab -- --base VARIANT --head VARIANT [--name NAME] [--rounds N] [--project CELL]... [-t PATTERN] [SUITE]...';

export const HELP = `${USAGE}
Measures two variants alternately on one testbed, A B, B A, ..., until every verdict is closed.
VARIANT is one of nestbench's own (fixtures/variants) or a YAML file. SUITE, -t and --project select as in Vitest.

  --name NAME     name the two experiments NAME-base and NAME-head (default: ab-START)
  --rounds N      maximum number of rounds (default: 12)

Exit code: 0 if nothing became slower, 1 if something did or failed only in the head, 2 without a verdict.
`;

export interface AbOptions {
  readonly base: string;
  readonly head: string;
  readonly name: string;
  readonly rounds: number;
  readonly looks: readonly Look[];
  readonly projects: readonly string[];
  /** A pattern of benchmarks' names. */
  readonly pattern: string | undefined;
  readonly suites: readonly string[];
}

const ROUNDS = 12;
const MAX_ROUNDS = 1000;

export function parseAbOptions(argv: readonly string[], now: Date): AbOptions {
  const { values, positionals } = parse(argv);
  const { base, head } = values;
  if (base === undefined || head === undefined) {
    throw unknown('Name both variants, --base and --head.');
  }
  const rounds = wholeNumber('--rounds', values.rounds, [1, MAX_ROUNDS], USAGE);
  const looks = looksOf(rounds, SIGNIFICANCE);
  if (looks.length === 0) {
    throw unknown(
      `--rounds is ${rounds}: no change could be distinguished from chance after that few. Use more.`,
    );
  }
  return {
    base,
    head,
    name: resultsName(values.name, USAGE) ?? `ab-${startName(now)}`,
    rounds,
    looks,
    projects: values.project,
    pattern: values.testNamePattern,
    suites: positionals.length === 0 ? ['suites'] : positionals,
  };
}

function parse(argv: readonly string[]) {
  return parseCommandLine(
    argv,
    {
      base: { type: 'string' },
      head: { type: 'string' },
      name: { type: 'string' },
      rounds: { type: 'string', default: String(ROUNDS) },
      project: { type: 'string', multiple: true, default: [] },
      testNamePattern: { type: 'string', short: 't' },
    },
    USAGE,
  );
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}

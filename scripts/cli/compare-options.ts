/** The options of `npm run compare`. */
import { InputError } from '../../setup/lib/errors.ts';
import { parseCommandLine, unknownSetting } from './arguments.ts';

export const USAGE =
  'npm run compare -- BASE HEAD [--significance P] [--minimum-effect [BENCHMARK=]PERCENT%]... [--json[=FILE]]';

export const HELP = `${USAGE}
BASE and HEAD are "latest", a name under results/, or a path to an experiment's directory or its journal.

  --significance P      declare a change only if its p is below P (default: 0.01)
  --minimum-effect 5%   and only if it is larger; hackbench=10% sets it for one benchmark, and can be repeated
  --json, --json=FILE   print JSON instead of the table, or write it to FILE as well

Exit code: 0 if nothing became slower, 1 if something did or failed only in the head, 2 without a verdict.
`;

export interface CompareArguments {
  readonly base: string;
  readonly head: string;
  readonly significance: number | undefined;
  /** For all benchmarks that are not named, as a share. */
  readonly minimumEffect: number | undefined;
  readonly minimumEffects: ReadonlyMap<string, number>;
  /** Where the JSON goes: to standard output, to a file, or nowhere. */
  readonly json: { readonly to: 'output' } | { readonly to: 'file'; readonly file: string } | null;
}

/** Ten thousand draws can't give a smaller p. */
const MIN_SIGNIFICANCE = 0.0001;
const MAX_SIGNIFICANCE = 0.5;

export function parseCompareArguments(argv: readonly string[]): CompareArguments {
  const { values, positionals } = parse(argv);
  const [base, head, ...rest] = positionals;
  if (base === undefined || head === undefined || rest.length > 0) {
    throw new InputError('NESTBENCH_UNKNOWN_EXPERIMENT', `Name two experiments: ${USAGE}.`);
  }
  const effects = values['minimum-effect'].map(effectOf);
  const general = effects.findLast(({ benchmark }) => benchmark === null);
  return {
    base,
    head,
    significance: values.significance === undefined ? undefined : significanceOf(values.significance),
    minimumEffect: general?.effect,
    minimumEffects: new Map(
      effects.flatMap(({ benchmark, effect }) => (benchmark === null ? [] : [[benchmark, effect] as const])),
    ),
    json: jsonOf(values.json, values['json-file']),
  };
}

function parse(argv: readonly string[]) {
  if (argv.includes('--json=')) throw unknown('--json= names no file.');
  return parseCommandLine(
    // parseArgs does not support options with an optional value, so one with a value becomes another option.
    argv.map((word) => word.replace(/^--json=/, '--json-file=')),
    {
      significance: { type: 'string' },
      'minimum-effect': { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      'json-file': { type: 'string' },
    },
    USAGE,
  );
}

function effectOf(text: string): { benchmark: string | null; effect: number } {
  const [, benchmark, percent] = /^(?:([^=]+)=)?(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  if (percent === undefined) {
    throw unknown(`--minimum-effect is "${text}": it must be a percentage, such as 5% or hackbench=10%.`);
  }
  return { benchmark: benchmark ?? null, effect: Number(percent) / 100 };
}

function significanceOf(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= MIN_SIGNIFICANCE && value <= MAX_SIGNIFICANCE) return value;
  throw unknown(
    `--significance is "${text}": it must be a number from ${MIN_SIGNIFICANCE} to ${MAX_SIGNIFICANCE}, such as 0.01.`,
  );
}

function jsonOf(toOutput: boolean, file: string | undefined): CompareArguments['json'] {
  if (file !== undefined) return { to: 'file', file };
  return toOutput ? { to: 'output' } : null;
}

function unknown(why: string): InputError {
  return unknownSetting(why, USAGE);
}

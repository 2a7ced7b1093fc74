/** The options of `npm run faults`. */
import { parseCommandLine, unknownSetting, wholeNumber } from '../cli/arguments.ts';
import type { CellName } from '../../fixtures/matrix.ts';
import { CELLS } from './draw-plan.ts';
import type { FaultKind } from './fault-kind.ts';
import { FAULT_KINDS } from './kinds.ts';

const USAGE =
  'npm run faults -- --seed N [--count N] [--only N or N-M] [--kind NAME]... [--cell NAME] [--in-turn] [--minutes N] [--plan]';

export const HELP = `${USAGE}
Runs short real experiments, breaks one thing in each, and checks that nothing is lost, left or wrong.

  --seed N        what is broken when: the same seed breaks the same
  --count N       how many faults (default: 20)
  --only N or N-M only these of them
  --kind NAME     only faults of this kind; may be repeated
  --cell NAME     only in this cell: ${CELLS.map(({ name }) => name).join(', ')}
  --in-turn       each kind in turn, and not at random
  --minutes N     begin no fault after this time; the same command then continues
  --plan          print the faults, and run nothing

Kinds: ${FAULT_KINDS.map(({ name }) => name).join(', ')}.

Exit code: 0 if all is well, 1 if something was lost, left or wrong, 2 without a verdict.
`;

export interface FaultsOptions {
  readonly seed: number;
  readonly count: number;
  /** The first and the last that are wanted, counted from 1. */
  readonly only: { readonly first: number; readonly last: number } | undefined;
  readonly kinds: readonly FaultKind[];
  /** As they were named, for the command that repeats a fault. */
  readonly kindNames: readonly string[];
  readonly cell: CellName | undefined;
  readonly inTurn: boolean;
  readonly minutes: number;
  readonly plan: boolean;
}

const MAX_COUNT = 1_000_000;
const MAX_MINUTES = 100_000;

export function parseFaultsOptions(argv: readonly string[]): FaultsOptions {
  const { values, positionals } = parseCommandLine(
    argv,
    {
      seed: { type: 'string' },
      count: { type: 'string', default: '20' },
      only: { type: 'string' },
      kind: { type: 'string', multiple: true, default: [] },
      cell: { type: 'string' },
      'in-turn': { type: 'boolean', default: false },
      minutes: { type: 'string', default: String(MAX_MINUTES) },
      plan: { type: 'boolean', default: false },
    },
    USAGE,
  );
  const [word] = positionals;
  if (word !== undefined) throw unknownSetting(`"${word}" is not an option.`, USAGE);
  if (values.seed === undefined) throw unknownSetting('Name a --seed.', USAGE);
  const unknown = values.kind.find((name) => !FAULT_KINDS.some((kind) => kind.name === name));
  if (unknown !== undefined) {
    throw unknownSetting(
      `There is no kind ${JSON.stringify(unknown)}. Known are ${FAULT_KINDS.map(({ name }) => name).join(', ')}.`,
      USAGE,
    );
  }
  const cell = CELLS.find(({ name }) => name === values.cell)?.name;
  if (values.cell !== undefined && cell === undefined) {
    throw unknownSetting(
      `--cell is ${JSON.stringify(values.cell)}. Known are ${CELLS.map(({ name }) => name).join(', ')}.`,
      USAGE,
    );
  }
  return {
    cell,
    seed: wholeNumber('--seed', values.seed, [0, 2 ** 31 - 1], USAGE),
    count: wholeNumber('--count', values.count, [1, MAX_COUNT], USAGE),
    only: values.only === undefined ? undefined : range(values.only),
    kinds:
      values.kind.length === 0 ? FAULT_KINDS : FAULT_KINDS.filter(({ name }) => values.kind.includes(name)),
    kindNames: values.kind,
    inTurn: values['in-turn'],
    minutes: wholeNumber('--minutes', values.minutes, [1, MAX_MINUTES], USAGE),
    plan: values.plan,
  };
}

function range(text: string): { first: number; last: number } {
  const [first = '', last = first, ...others] = text.split('-');
  const [from, to] = [numberOf(first), numberOf(last)];
  if (others.length > 0 || to < from) {
    throw unknownSetting(`--only is "${text}": it must be a number, or a range such as 21-40.`, USAGE);
  }
  return { first: from, last: to };
}

function numberOf(word: string): number {
  return wholeNumber('--only', word, [1, MAX_COUNT], USAGE);
}

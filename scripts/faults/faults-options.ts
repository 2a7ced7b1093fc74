/** The options of `npm run faults`. */
import { parseCommandLine, unknownSetting, wholeNumber } from '../cli/arguments.ts';
import type { CellName } from '../../fixtures/matrix.ts';
import { EMULATED } from '../../setup/run/testbed-name.ts';
import { selectedTestbed } from '../cli/testbed-option.ts';
import { CELLS, kindsOn } from './draw-plan.ts';
import type { FaultKind, TestbedName } from './fault-kind.ts';
import { FAULT_KINDS } from './kinds.ts';

const USAGE =
  'npm run faults -- --seed N [--count N] [--only N or N-M] [--kind NAME]... [--cell NAME] [--in-turn] [--minutes N] [--plan] [--testbed FILE --break-these-machines]';

const names = (all: readonly { readonly name: string }[]): string => all.map(({ name }) => name).join(', ');

export const HELP = `${USAGE}
Runs short real experiments, breaks one thing in each, and checks that nothing is lost, left or wrong.

  --seed N        what is broken when: the same seed breaks the same
  --count N       how many faults (default: 20)
  --only N or N-M only these of them
  --kind NAME     only faults of this kind; may be repeated
  --cell NAME     only in this cell: ${names(CELLS.emulated)}
  --in-turn       each kind in turn, and not at random
  --minutes N     begin no fault after this time; the same command then continues
  --plan          print the faults, and run nothing
  --testbed FILE  on the two machines of this file, in ${names(CELLS.physical)}
  --break-these-machines
                  they may be reset without a warning, and be broken in other ways that are put back

Kinds: ${names(kindsOn('emulated', FAULT_KINDS))}.

Kinds with --testbed: ${names(kindsOn('physical', FAULT_KINDS))}.

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
  readonly testbed: TestbedName;
  /** The file of a physical testbed. */
  readonly file: string | undefined;
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
      testbed: { type: 'string' },
      'break-these-machines': { type: 'boolean', default: false },
    },
    USAGE,
  );
  const [word] = positionals;
  if (word !== undefined) throw unknownSetting(`"${word}" is not an option.`, USAGE);
  if (values.seed === undefined) throw unknownSetting('Name a --seed.', USAGE);
  const selected = selectedTestbed(values.testbed);
  const testbed = selected === EMULATED ? 'emulated' : 'physical';
  assertMayBreak(testbed, values);
  const known = kindsOn(testbed, FAULT_KINDS);
  const unknown = values.kind.find((name) => !known.some((kind) => kind.name === name));
  if (unknown !== undefined) {
    throw unknownSetting(
      `There is no kind ${JSON.stringify(unknown)}${FAULT_KINDS.some(({ name }) => name === unknown) ? ` on this testbed` : ''}. Known are ${names(known)}.`,
      USAGE,
    );
  }
  const cell = CELLS[testbed].find(({ name }) => name === values.cell)?.name;
  if (values.cell !== undefined && cell === undefined) {
    throw unknownSetting(
      `--cell is ${JSON.stringify(values.cell)}. Known are ${names(CELLS[testbed])}.`,
      USAGE,
    );
  }
  return {
    cell,
    seed: wholeNumber('--seed', values.seed, [0, 2 ** 31 - 1], USAGE),
    count: wholeNumber('--count', values.count, [1, MAX_COUNT], USAGE),
    only: values.only === undefined ? undefined : range(values.only),
    kinds: values.kind.length === 0 ? known : known.filter(({ name }) => values.kind.includes(name)),
    kindNames: values.kind,
    inTurn: values['in-turn'],
    minutes: wholeNumber('--minutes', values.minutes, [1, MAX_MINUTES], USAGE),
    plan: values.plan,
    testbed,
    file: testbed === 'physical' ? selected : undefined,
  };
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING unless somebody says that the user's machines may be broken.
 */
function assertMayBreak(
  testbed: TestbedName,
  {
    plan,
    'break-these-machines': mayBreak,
  }: { readonly plan: boolean; readonly 'break-these-machines': boolean },
): void {
  if (testbed === 'physical' && !plan && !mayBreak) {
    throw unknownSetting(
      'A campaign on machines of your own resets them without a warning, fills a disk and hides the keys of root. If nothing else is on them, say so with --break-these-machines; --plan prints what would be broken.',
      USAGE,
    );
  }
  if (testbed === 'emulated' && mayBreak) {
    throw unknownSetting('--break-these-machines needs the --testbed that describes them.', USAGE);
  }
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

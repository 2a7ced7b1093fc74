/** Draws the faults of a campaign. A fault depends on the seed, its number and the kinds, and not on the others. */
import type { CellName, Level } from '../../fixtures/matrix.ts';
import { type RandomIndex, randomIndices } from '../../fixtures/statistics/random.ts';
import {
  type FaultKind,
  type Phase,
  PHASES,
  PHYSICAL_PHASES,
  type PlannedFault,
  type Target,
  type TestbedName,
} from './fault-kind.ts';

interface CampaignCell {
  readonly name: CellName;
  readonly level: Level;
  readonly weight: number;
}

/** Cells that start soon; low ones more often, since they take less time. */
export const CELLS: Readonly<Record<TestbedName, readonly CampaignCell[]>> = {
  emulated: [
    { name: 'l0-baseline', level: 0, weight: 3 },
    { name: 'l1-baseline', level: 1, weight: 4 },
    { name: 'l2-baseline', level: 2, weight: 1 },
  ],
  physical: [
    { name: 'l0-baseline', level: 0, weight: 3 },
    { name: 'l1-baseline', level: 1, weight: 2 },
  ],
};

const PHASES_ON: Readonly<Record<TestbedName, readonly Phase[]>> = {
  emulated: PHASES,
  physical: PHYSICAL_PHASES,
};

/** Short ones, of each kind: without a service, with one, and with a load generator. */
export const MEASURED = ['hackbench', 'netperf-rr', 'memcached'] as const;

/** How long after its sign a fault may strike: about as long as the phase takes on a quiet host. */
const LONGEST_MS: Readonly<Record<Phase, number>> = {
  start: 2500,
  restore: 1500,
  // The server has not even been asked to reboot then.
  deploy: 500,
  copy: 2500,
  measure: 1500,
  end: 500,
};

/** Weights are drawn in hundredths. */
const UNIT = 100;

export interface DrawOptions {
  /** Each kind in turn, instead of a random one. */
  readonly inTurn?: boolean;
  /** The only cell in which a fault strikes, if any is given. */
  readonly cell?: CellName | undefined;
  /** By default the emulated one. */
  readonly testbed?: TestbedName;
}

/** The kinds that a campaign on that testbed can draw. */
export function kindsOn(testbed: TestbedName, kinds: readonly FaultKind[]): FaultKind[] {
  return kinds.filter(({ testbeds = ['emulated'] }) => testbeds.includes(testbed));
}

export function drawPlan(
  seed: number,
  numbers: readonly number[],
  kinds: readonly FaultKind[],
  { inTurn = false, cell, testbed = 'emulated' }: DrawOptions = {},
): PlannedFault[] {
  const cells = CELLS[testbed].filter(({ name }) => cell === undefined || name === cell);
  const highest = cells.at(-1)?.level ?? 0;
  const from: Source = { testbed, cells, highest };
  const possible = kindsOn(testbed, kinds).filter((kind) => targetsOf(kind, from).length > 0);
  return numbers.map((number) => {
    const turn = possible[(number - 1) % possible.length];
    return drawFault(seed, number, inTurn && turn !== undefined ? [turn] : possible, from);
  });
}

interface Source {
  readonly testbed: TestbedName;
  readonly cells: readonly CampaignCell[];
  readonly highest: Level;
}

function targetsOf({ targets }: FaultKind, { testbed, highest }: Source): Target[] {
  return targets.filter(
    ({ level, testbeds }) => level <= highest && (testbeds === undefined || testbeds.includes(testbed)),
  );
}

function drawFault(seed: number, number: number, kinds: readonly FaultKind[], from: Source): PlannedFault {
  const below = randomIndices(seedOf(seed, number));
  const kind = weighted(kinds, ({ weight = 1 }) => weight, below);
  const target = weighted(targetsOf(kind, from), () => 1, below);
  const within = from.cells.filter(({ level }) => level >= target.level);
  const cell = weighted(within, ({ weight }) => weight, below).name;
  const phases = kind.phases.filter((one) => PHASES_ON[from.testbed].includes(one));
  const phase = weighted(phases, () => 1, below);
  return {
    number,
    kind,
    target: target.name,
    cell,
    phase,
    benchmark: target.benchmark ?? weighted(MEASURED, () => 1, below),
    afterMs: below(LONGEST_MS[phase]),
    seed: below(2 ** 31),
  };
}

/** Neighbouring seeds would give related first numbers, so each fault's seed is drawn itself. */
function seedOf(seed: number, number: number): number {
  const offset = randomIndices(seed)(2 ** 31);
  return randomIndices(offset ^ number)(2 ** 31);
}

function weighted<T>(all: readonly T[], weightOf: (one: T) => number, below: RandomIndex): T {
  const weights = all.map((one) => Math.round(weightOf(one) * UNIT));
  let left = below(weights.reduce((sum, weight) => sum + weight, 0));
  const index = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  const found = all[index];
  if (found === undefined) throw new RangeError('There is nothing to draw from.');
  return found;
}

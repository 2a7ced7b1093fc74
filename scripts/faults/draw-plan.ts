/** Draws the faults of a campaign. A fault depends on the seed, its number and the kinds, and not on the others. */
import type { CellName, Level } from '../../fixtures/matrix.ts';
import { type RandomIndex, randomIndices } from '../../fixtures/statistics/random.ts';
import type { FaultKind, Phase, PlannedFault, Target } from './fault-kind.ts';

/** Cells that are restored within seconds; low ones more often, since they take less time. */
export const CELLS: readonly { readonly name: CellName; readonly level: Level; readonly weight: number }[] = [
  { name: 'l0-baseline', level: 0, weight: 3 },
  { name: 'l1-baseline', level: 1, weight: 4 },
  { name: 'l2-baseline', level: 2, weight: 1 },
];

/** Short ones, of each kind: without a service, with one, and with a load generator. */
export const MEASURED = ['hackbench', 'netperf-rr', 'memcached'] as const;

/** How long after its sign a fault may strike: about as long as the phase takes on a quiet host. */
const LONGEST_MS: Readonly<Record<Phase, number>> = { start: 2500, restore: 1500, measure: 1500, end: 500 };

/** Weights are drawn in hundredths. */
const UNIT = 100;

export interface DrawOptions {
  /** Each kind in turn, instead of a random one. */
  readonly inTurn?: boolean;
  /** The only cell in which a fault strikes, if any is given. */
  readonly cell?: CellName | undefined;
}

export function drawPlan(
  seed: number,
  numbers: readonly number[],
  kinds: readonly FaultKind[],
  { inTurn = false, cell }: DrawOptions = {},
): PlannedFault[] {
  const cells = cell === undefined ? CELLS : CELLS.filter(({ name }) => name === cell);
  const highest = cells.at(-1)?.level ?? 0;
  const possible = kinds.filter(({ targets }) => targets.some(({ level }) => level <= highest));
  return numbers.map((number) => {
    const turn = possible[(number - 1) % possible.length];
    return drawFault(seed, number, inTurn && turn !== undefined ? [turn] : possible, cells, highest);
  });
}

function drawFault(
  seed: number,
  number: number,
  kinds: readonly FaultKind[],
  cells: typeof CELLS,
  highest: Level,
): PlannedFault {
  const below = randomIndices(seedOf(seed, number));
  const kind = weighted(kinds, ({ weight = 1 }) => weight, below);
  const targets = kind.targets.filter(({ level }) => level <= highest);
  const target: Target = weighted(targets, () => 1, below);
  const within = cells.filter(({ level }) => level >= target.level);
  const cell = weighted(within, ({ weight }) => weight, below).name;
  const phase = weighted(kind.phases, () => 1, below);
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

/** How often the whisker of an overhead holds the ratio of the true means. */
import { NATIVE_CELL, overheadInterval } from '../../../reporters/analysis/overhead.ts';
import { BENCHMARK, type SimulatedCell, simulatedResults } from './simulated-experiment.ts';
import { LIMIT_OF_FEW_BOOTS, type Noise, skewed, twoHumped } from './noise.ts';
import type { Simulation } from './simulation.ts';

const CELL = 'l2-baseline';
const [NATIVE, MEASURED] = [100, 250];

interface Side {
  readonly boots: number;
  /** The scatter of boots, as a share of their mean. */
  readonly scatter: number;
}

const whisker = (measured: Side, native: Side, noise?: Noise): Simulation => ({
  printedAs: 'whiskers, low_95, high_95',
  when: `${words(measured)} against ${words(native)}`,
  nominal: 0.95,
  bound: 'at least',
  trial: (random) => {
    const sides = [sideOf(NATIVE_CELL, NATIVE, native, noise), sideOf(CELL, MEASURED, measured, noise)];
    const interval = overheadInterval(simulatedResults(sides, random), CELL, BENCHMARK);
    const truth = MEASURED / NATIVE;
    return interval !== null && interval.low <= truth && truth <= interval.high;
  },
});

const limited = (when: string, noise: Noise, rate: number): Simulation => ({
  ...whisker({ boots: 3, scatter: 0.05 }, { boots: 3, scatter: 0.01 }, noise),
  when,
  limit: { text: LIMIT_OF_FEW_BOOTS, rate },
});

function sideOf(cell: string, mean: number, { boots, scatter }: Side, noise?: Noise): SimulatedCell {
  return {
    cell,
    mean,
    boots: Array.from({ length: boots }, () => [3]),
    betweenBoots: scatter,
    betweenRuns: 0,
    within: 0.02,
    ...(noise && { noise }),
  };
}

function words({ boots, scatter }: Side): string {
  return `${boots} boots (${100 * scatter} %)`;
}

export const whiskers: readonly Simulation[] = [
  whisker({ boots: 2, scatter: 0.05 }, { boots: 2, scatter: 0.01 }),
  whisker({ boots: 3, scatter: 0.05 }, { boots: 3, scatter: 0.05 }),
  whisker({ boots: 3, scatter: 0.1 }, { boots: 10, scatter: 0.05 }),
  whisker({ boots: 10, scatter: 0.02 }, { boots: 2, scatter: 0.1 }),
  whisker({ boots: 5, scatter: 0.2 }, { boots: 5, scatter: 0.05 }),
  limited('3 boots (5 %, skewed) against 3 boots (1 %)', skewed, 0.95),
  limited('3 boots (5 %, 3 in 10 slow) against 3 boots (1 %)', twoHumped, 0.88),
];

/** How often the whisker of an overhead holds the ratio of the true means. */
import { NATIVE_CELL, overheadInterval } from '../../reporters/overhead.ts';
import { BENCHMARK, type SimulatedCell, simulatedResults } from './experiment.ts';
import type { Simulation } from './simulation.ts';

const CELL = 'l2-baseline';
const [NATIVE, MEASURED] = [100, 250];

interface Side {
  readonly boots: number;
  /** How boots scatter, as a share of their mean. */
  readonly scatter: number;
}

const whisker = (measured: Side, native: Side): Simulation => ({
  printedAs: 'whiskers, low_95, high_95',
  when: `${words(measured)} against ${words(native)}`,
  nominal: 0.95,
  bound: 'at least',
  trial: (random) => {
    const sides = [sideOf(NATIVE_CELL, NATIVE, native), sideOf(CELL, MEASURED, measured)];
    const interval = overheadInterval(simulatedResults(sides, random), CELL, BENCHMARK);
    const truth = MEASURED / NATIVE;
    return interval !== null && interval.low <= truth && truth <= interval.high;
  },
});

function sideOf(cell: string, mean: number, { boots, scatter }: Side): SimulatedCell {
  return {
    cell,
    mean,
    boots: Array.from({ length: boots }, () => [3]),
    betweenBoots: scatter,
    betweenRuns: 0,
    within: 0.02,
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
];

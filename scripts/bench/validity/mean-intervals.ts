/**
 * How often the interval of a mean, `a ± b`, holds its subject: the benchmark's mean over boots; or, within one boot,
 * that boot's or that run's own.
 */
import type { IntervalOf } from '../../../reporters/statistics/mean-interval.ts';
import { SHORT } from '../../../reporters/analysis/interval-words.ts';
import { measuredOf, type SimulatedCell, simulatedResults } from './simulated-experiment.ts';
import { factor, LIMIT_OF_FEW_BOOTS, type Noise, skewed, twoHumped } from './noise.ts';
import type { Simulation } from './simulation.ts';

const CELL = 'l2-baseline';
const MEAN = 100;
/** Boots and runs scatter by 5 %, iterations by 2 %, about as hackbench does on an emulated server. */
const BETWEEN = 0.05;
const WITHIN = 0.02;

const over = (
  of: IntervalOf,
  when: string,
  boots: SimulatedCell['boots'],
  scatter: Partial<SimulatedCell> = {},
): Simulation => ({
  printedAs: `a ± b, ${SHORT[of]}`,
  when,
  nominal: 0.95,
  bound: 'at least',
  trial: (random) => {
    const cell = { cell: CELL, boots, betweenBoots: BETWEEN, betweenRuns: 0, within: WITHIN, ...scatter };
    // What the interval's groups share is known here; an interval within it must hold that.
    const mean = MEAN * factor(BETWEEN, random);
    const { interval } = measuredOf(simulatedResults([{ ...cell, mean }], random), CELL);
    if (interval.of !== of) throw new Error(`the interval is over ${interval.of}`);
    return interval.halfWidth !== null && Math.abs(interval.mean - mean) <= interval.halfWidth;
  },
});

const limited = (when: string, boots: number, noise: Noise, rate: number): Simulation => ({
  ...over('boots', when, repeated(boots, [3]), { noise }),
  limit: { text: LIMIT_OF_FEW_BOOTS, rate },
});

const withinBoot = { betweenBoots: 0, betweenRuns: BETWEEN };
const withinRun = { betweenBoots: 0, betweenRuns: 0 };

export const meanIntervals: readonly Simulation[] = [
  over('boots', '2 boots of 3 iterations', repeated(2, [3])),
  over('boots', '3 boots of 3 iterations', repeated(3, [3])),
  over('boots', '3 boots of 10 iterations', repeated(3, [10])),
  over('boots', '5 boots of 3 iterations', repeated(5, [3])),
  over('boots', '3 boots of 3 runs, runs scatter too', repeated(3, [3, 3, 3]), { betweenRuns: BETWEEN }),
  over('boots', '3 boots of 1, 2 and 5 runs, runs scatter too', [[3], [3, 3], [3, 3, 3, 3, 3]], {
    betweenRuns: BETWEEN,
  }),
  over('boots', '3 boots of 2, 5 and 40 iterations, noisy ones', [[2], [5], [40]], { within: 0.2 }),
  limited('3 boots, skewed (exponential)', 3, skewed, 0.9),
  limited('5 boots, skewed (exponential)', 5, skewed, 0.9),
  limited('3 boots, of which 3 in 10 are slow', 3, twoHumped, 0.72),
  limited('5 boots, of which 3 in 10 are slow', 5, twoHumped, 0.82),
  over('restores', '3 restores of 3 iterations', repeated(3, [3]), { fromSnapshot: true }),
  over('runs', "3 runs of 3 iterations: that boot's mean", [[3, 3, 3]], withinBoot),
  over('runs', "2 runs of 10 iterations: that boot's mean", [[10, 10]], withinBoot),
  over('iterations', "3 iterations: that run's mean", [[3]], withinRun),
  over('iterations', "10 iterations: that run's mean", [[10]], withinRun),
];

function repeated(boots: number, runs: readonly number[]): SimulatedCell['boots'] {
  return Array.from({ length: boots }, () => runs);
}

/** How often the interval of a mean holds the true one. */
import { statisticsOf } from '../../fixtures/statistics/statistics.ts';
import type { Simulation } from './simulation.ts';

export const meanIntervals: readonly Simulation[] = [3, 10, 40].map((iterations) => ({
  printedAs: 'a ± b, within one boot',
  when: `${iterations} iterations`,
  nominal: 0.95,
  bound: 'at least',
  trial: ({ normal }) => {
    const values = Array.from({ length: iterations }, () => 100 * Math.exp(0.02 * normal()));
    const { mean, halfWidth } = statisticsOf(values);
    return halfWidth !== null && Math.abs(mean - 100 * Math.exp(0.02 ** 2 / 2)) <= halfWidth;
  },
}));

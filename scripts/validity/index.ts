/** All simulations of `npm run bench:validity`, in the order of its table. */
import { meanIntervals } from './mean-intervals.ts';
import type { Simulation } from './simulation.ts';

export const SIMULATIONS: readonly Simulation[] = [...meanIntervals];

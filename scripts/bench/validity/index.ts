/** All simulations of `npm run bench:validity`, in the order of its table. */
import { abVerdicts } from './ab-rates.ts';
import { adaptiveIntervals } from './adaptive-intervals.ts';
import { compareVerdicts } from './compare-verdicts.ts';
import { historyChanges } from './history-changes.ts';
import { meanIntervals } from './mean-intervals.ts';
import type { Simulation } from './simulation.ts';
import { whiskers } from './whiskers.ts';

export const SIMULATIONS: readonly Simulation[] = [
  ...meanIntervals,
  ...whiskers,
  ...compareVerdicts,
  ...abVerdicts,
  ...historyChanges,
  ...adaptiveIntervals,
];

/** How often `npm run history -- check` takes noise for a change, and when it finds a real one. */
import { CHANGE_POINT_OPTIONS, changePoints } from '../../../reporters/statistics/change-points.ts';
import { CORRELATED } from '../../../reporters/history/history-text.ts';
import type { Random, Simulation } from './simulation.ts';

interface Series {
  readonly nights: number;
  readonly noise: number;
  /** The share of the previous night's deviation that a night has. */
  readonly correlation?: number;
  readonly levelOf?: (night: number) => number;
}

function series({ normal }: Random, { nights, noise, correlation = 0, levelOf = () => 1 }: Series): number[] {
  let deviation = normal();
  return Array.from({ length: nights }, (_, night) => {
    const value = levelOf(night) * Math.exp(noise * deviation);
    deviation = correlation * deviation + Math.sqrt(1 - correlation ** 2) * normal();
    return value;
  });
}

/** A series takes up to a tenth of a second. */
const ONE_OF = 20;

function quiet(noise: number, correlation: number, nominal: number, limitRate?: number): Simulation {
  return {
    printedAs: 'history: a change',
    when: `none; 100 nights, noise ${noise * 100} %, correlated ${correlation}`,
    nominal,
    bound: 'at most',
    ...(limitRate === undefined ? {} : { limit: { text: CORRELATED, rate: limitRate } }),
    oneOf: ONE_OF,
    trial: (random) => changePoints(series(random, { nights: 100, noise, correlation })).length > 0,
  };
}

function found(when: string, nominal: number, wanted: Series): Simulation {
  return {
    printedAs: 'history: a change',
    when,
    nominal,
    bound: 'at least',
    oneOf: ONE_OF,
    trial: (random) => changePoints(series(random, wanted)).some(({ change }) => change > 0),
  };
}

function step(night: number): number {
  return night < 40 ? 1 : 1.1;
}

export const historyChanges: readonly Simulation[] = [
  // Every division of a window is its own test.
  quiet(0.03, 0, 10 * CHANGE_POINT_OPTIONS.significance),
  quiet(0.03, 0.3, 10 * CHANGE_POINT_OPTIONS.significance),
  quiet(0.03, 0.6, 10 * CHANGE_POINT_OPTIONS.significance, 0.012),
  quiet(0.05, 0.3, 10 * CHANGE_POINT_OPTIONS.significance, 0.012),
  quiet(0.05, 0.6, 10 * CHANGE_POINT_OPTIONS.significance, 0.034),
  found('+10 %, on the third night; noise 2 %', 0.8, { nights: 43, noise: 0.02, levelOf: step }),
  found('+10 %, on the fourth night; noise 2 %', 0.9, { nights: 44, noise: 0.02, levelOf: step }),
  found('a drift of 15 % in sixty nights; noise 2 %', 0.99, {
    nights: 80,
    noise: 0.02,
    levelOf: (night) => 1 + (0.15 * Math.min(night, 60)) / 60,
  }),
];

/** How often `npm run compare` gives false verdicts, and how often it finds real changes. */
import { compareBoots } from '../../../reporters/verdict/row.ts';
import { LIMIT } from '../../../reporters/verdict/comparison-notes.ts';
import {
  CONFIDENCE,
  MINIMUM_EFFECT,
  MINIMUM_EFFECT_IN_VIRTUAL_TIME,
  resolveOptions,
  SIGNIFICANCE,
} from '../../../reporters/verdict/compare-settings.ts';
import { type Noise, normal, skewed, twoHumped } from './noise.ts';
import type { Random, Simulation } from './simulation.ts';

/** A tenth of the default. p and interval stay valid, but are coarser. */
const RESAMPLES = 999;

/** A number of boots, and the spread of their means around the truth. */
type Side = readonly [boots: number, spread: number];
interface Experiment {
  readonly base: Side;
  readonly head: Side;
  readonly noise?: Noise;
  /** The true change. */
  readonly change?: number;
  readonly minimumEffect?: number;
}

function compared({ base, head, noise = normal, change = 0, minimumEffect = MINIMUM_EFFECT }: Experiment) {
  const draw = (random: Random, [boots, spread]: Side, mean: number): number[] =>
    Array.from({ length: boots }, () => mean * (1 + spread * noise(random)));
  return (random: Random) => {
    const sides = { base: draw(random, base, 1), head: draw(random, head, 1 + change) };
    const seed = Math.floor(random.uniform() * 2 ** 31);
    return compareBoots(
      { unit: 's', better: 'lower', ...sides },
      minimumEffect,
      resolveOptions({ resamples: RESAMPLES, seed }),
    );
  };
}

const UNEQUAL = { base: [5, 0.1], head: [12, 0.02] } as const;
const UNEQUAL_TEXT = '5 boots sd 10 %, 12 boots sd 2 %';
const FIVE = { base: [5, 0.02], head: [5, 0.02] } as const;

/** The rate of p below the significance without a change. */
function alarms(when: string, experiment: Experiment, limitRate?: number): Simulation {
  const compare = compared(experiment);
  return {
    printedAs: `compare: p < ${SIGNIFICANCE}`,
    when: `no change; ${when}`,
    nominal: SIGNIFICANCE,
    bound: 'at most',
    ...(limitRate === undefined ? {} : { limit: { text: LIMIT, rate: limitRate } }),
    trial: (random) => (compare(random).probability ?? 1) < SIGNIFICANCE,
  };
}

function verdicts(
  printedAs: 'regression' | 'no change',
  when: string,
  experiment: Experiment,
  rate: Pick<Simulation, 'nominal' | 'bound'>,
): Simulation {
  const compare = compared(experiment);
  return {
    printedAs: `compare: ${printedAs}`,
    when,
    ...rate,
    trial: (random) => compare(random).verdict.kind === printedAs,
  };
}

function coverage(when: string, experiment: Experiment): Simulation {
  const compare = compared(experiment);
  return {
    printedAs: 'compare: 95 % interval',
    when,
    nominal: CONFIDENCE,
    bound: 'at least',
    trial: (random) => {
      const { interval } = compare(random);
      return interval !== null && interval[0] <= 0 && interval[1] >= 0;
    },
  };
}

/** Half of the significance: the other half are improvements. */
const FALSE_REGRESSIONS = { nominal: SIGNIFICANCE / 2, bound: 'at most' } as const;
const FALSE_REST = { nominal: (1 - CONFIDENCE) / 2, bound: 'at most' } as const;
const FOUND = { nominal: 0.9, bound: 'at least' } as const;

export const compareVerdicts: readonly Simulation[] = [
  alarms('5 and 5 boots, sd 5 %', { base: [5, 0.05], head: [5, 0.05] }),
  alarms('5 boots sd 10 %, 5 boots sd 2 %', { base: [5, 0.1], head: [5, 0.02] }, 0.014),
  alarms(UNEQUAL_TEXT, UNEQUAL, 0.014),
  alarms('10 boots sd 10 %, 10 boots sd 2 %', { base: [10, 0.1], head: [10, 0.02] }, 0.014),
  alarms('5 and 5 boots, skewed, sd 5 %', { base: [5, 0.05], head: [5, 0.05], noise: skewed }),
  alarms(`${UNEQUAL_TEXT}, skewed`, { ...UNEQUAL, noise: skewed }, 0.053),
  alarms(`${UNEQUAL_TEXT}, two-humped`, { ...UNEQUAL, noise: twoHumped }, 0.17),
  coverage('5 and 5 boots, sd 2 %', FIVE),
  coverage(UNEQUAL_TEXT, UNEQUAL),
  verdicts('regression', `no change; ${UNEQUAL_TEXT}`, UNEQUAL, FALSE_REGRESSIONS),
  verdicts('no change', 'true +5 %; 5 and 5 boots, sd 2 %', { ...FIVE, change: 0.05 }, FALSE_REST),
  verdicts(
    'no change',
    `true +5 %; 5 boots sd 4 %, 12 boots sd 1 %`,
    { base: [5, 0.04], head: [12, 0.01], change: 0.05 },
    FALSE_REST,
  ),
  verdicts('regression', 'true +10 %; 5 and 5 boots, sd 2 %', { ...FIVE, change: 0.1 }, FOUND),
  verdicts(
    'regression',
    'true +3.1 % in virtual time; 7 and 7 boots, sd 0.3 %',
    { base: [7, 0.003], head: [7, 0.003], change: 0.031, minimumEffect: MINIMUM_EFFECT_IN_VIRTUAL_TIME },
    FOUND,
  ),
  verdicts(
    'no change',
    'nothing changed; 5 and 5 boots, sd 1.5 %',
    { base: [5, 0.015], head: [5, 0.015] },
    FOUND,
  ),
];

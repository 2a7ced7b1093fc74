/** How far a build is, from steps that are counted, and how long the rest takes at the rate so far. */

export interface Progress {
  readonly fraction?: number;
  readonly secondsLeft?: number;
}

/** Before this share is done the rate says little; better no time than a wild one. */
const TELLING_FRACTION = 0.03;

/** Where more steps were done than expected, the expectation was wrong, and nothing is claimed. */
export function progressAt(done: number, expected: number, elapsedSeconds: number): Progress {
  if (done > expected) return {};
  const fraction = done / expected;
  if (fraction < TELLING_FRACTION) return { fraction };
  return { fraction, secondsLeft: Math.round((elapsedSeconds * (1 - fraction)) / fraction) };
}

/** The progress of a build from counted steps, and the time left at the rate so far. */

export interface Progress {
  readonly fraction?: number;
  readonly secondsLeft?: number;
}

/** Below this share the rate says little; no estimate is better than a wild one. */
const MIN_FRACTION = 0.03;

/** If more steps were done than expected, the expectation was wrong, and there is no estimate. */
export function progressAt(done: number, expected: number, elapsedSeconds: number): Progress {
  if (done > expected) return {};
  const fraction = done / expected;
  if (fraction < MIN_FRACTION) return { fraction };
  return { fraction, secondsLeft: Math.round((elapsedSeconds * (1 - fraction)) / fraction) };
}

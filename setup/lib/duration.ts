/** Durations as people write and read them. */

/** `3 s`, `2 min`, `1 h 5 min`: as exact as an estimate. */
export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const SECONDS_OF = { s: 1, min: 60, h: 3600 };

/** The seconds of `90s`, `30 min`, `1.5h`; undefined for anything else, and for none at all. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(s|min|h)$/.exec(text) ?? [];
  if (unit !== 's' && unit !== 'min' && unit !== 'h') return undefined;
  const seconds = Number(number) * SECONDS_OF[unit];
  return seconds > 0 ? seconds : undefined;
}

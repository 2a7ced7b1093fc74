/** `2026-11-28T08-44-14`: the start time as part of a file name. */
export function startName(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(':', '-');
}

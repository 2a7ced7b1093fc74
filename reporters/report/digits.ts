/** Numbers in the page. */
import { formatMean } from '../numbers.ts';

/** Four significant digits, as means that stand alone have. */
export function inDigits(value: number): string {
  return formatMean({ mean: value, halfWidth: null }).mean;
}

/** An overhead in few characters: `1.45`, `12.3`, `130`. */
export function shortOverhead(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Number formats of the page. */
import { formatValue } from '../model/numbers.ts';

/** Four significant digits without trailing zeros, and short for large numbers: `0.576`, `2.5`, `208.9K`. */
export function inFewDigits(value: number): string {
  if (value < 1e-4) return formatValue(value);
  return value < 1e5
    ? String(Number(formatValue(value)))
    : value.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 4 });
}

/** Three digits: `1.45`, `12.3`, `130`. */
export function shortOverhead(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** For narrow places, when the interval is wide anyway: `1.4`, `12`, `130`. */
export function twoDigits(value: number): string {
  if (value >= 9.95) return value >= 99.5 ? value.toPrecision(3) : value.toFixed(0);
  return value < 0.095 ? value.toPrecision(1) : value.toFixed(value < 0.95 ? 2 : 1);
}

/** Number formats for tables: no more digits than the measurement supports, and never an exponent. */
import type { Statistics } from '../../fixtures/statistics/statistics.ts';

/**
 * A mean and the half-width of its interval, with the same number of decimals: up to the half-width's second
 * significant digit, but with three to nine digits of the mean. A mean without an interval has four.
 */
export function formatMean({ mean, halfWidth }: Pick<Statistics, 'mean' | 'halfWidth'>): {
  mean: string;
  halfWidth: string | null;
} {
  const decimals = decimalsOf(mean, halfWidth);
  return {
    mean: mean.toFixed(decimals),
    halfWidth: halfWidth === null ? null : halfWidth.toFixed(decimals),
  };
}

/** A number without an interval: four significant digits. */
export function formatValue(value: number): string {
  return formatMean({ mean: value, halfWidth: null }).mean;
}

function decimalsOf(mean: number, halfWidth: number | null): number {
  if (mean === 0) return 0;
  const needed = halfWidth === null || halfWidth === 0 ? 3 - magnitude(mean) : 1 - magnitude(halfWidth);
  const bounded = Math.min(Math.max(needed, 2 - magnitude(mean)), 8 - magnitude(mean));
  // toFixed accepts 0 to 100.
  return Math.min(Math.max(bounded, 0), 100);
}

/** The exponent of the first significant digit: 0 for 1 to 9.99. */
function magnitude(value: number): number {
  return Math.floor(Math.log10(Math.abs(value)));
}

/** What one operation costs, in whole instructions or cycles: `14,155`. */
export function formatCost(cost: number): string {
  return Math.round(cost).toLocaleString('en-US');
}

/** `2.3x`; below 0.95, which is better than native, two significant digits, so that it is never `0.0x`. */
export function formatOverhead(overhead: number): string {
  return `${overhead < 0.95 ? overhead.toFixed(decimalsOf(overhead, null) - 2) : overhead.toFixed(1)}x`;
}

/** A share as `2 %` or `4.13 %`: two decimals at most. */
export function formatPercent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}

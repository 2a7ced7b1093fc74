/** An average count: up to two digits after the point where they matter. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });
}

/** Ticks of logarithmic axes. */

/** Round numbers from `low` to `high`: 1, 2 and 5 of each power of ten, and finer ones if these are too few. */
export function logTicks(low: number, high: number): number[] {
  const within = (digits: readonly number[]): number[] => {
    const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
      .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
      .filter((tick) => tick >= low && tick <= high);
  };
  if (high / low < 4) return within([1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]);
  return high / low < 2000 ? within([1, 2, 5]) : within([1]);
}

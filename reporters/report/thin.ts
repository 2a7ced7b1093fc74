/** Selects which of very many points are drawn: enough to see every outlier, few enough for a page. */

export interface Point {
  /** Its position among all, from 0. */
  readonly index: number;
  readonly value: number;
}

/**
 * All points of `values` if there are at most `limit`. Otherwise the smallest and the largest of each of `limit` / 2
 * equal segments, in order: as a plot with that many pixels shows them, without losing an extreme.
 * @param lists the series one after another, to avoid copying them into one.
 */
export function thin(lists: readonly (readonly number[])[], limit: number): Point[] {
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  const points: Point[] = [];
  const segments = Math.floor(limit / 2);
  let [index, segment] = [0, 0];
  let min: Point | undefined;
  let max: Point | undefined;
  const close = (): void => {
    if (min === undefined || max === undefined) return;
    const both = min.index < max.index ? [min, max] : [max, min];
    points.push(...(min.index === max.index ? [min] : both));
    min = max = undefined;
  };
  for (const list of lists) {
    for (const value of list) {
      if (total <= limit) points.push({ index, value });
      else {
        const at = Math.floor((index * segments) / total);
        if (at !== segment) close();
        segment = at;
        if (min === undefined || value < min.value) min = { index, value };
        if (max === undefined || value > max.value) max = { index, value };
      }
      index += 1;
    }
  }
  close();
  return points;
}

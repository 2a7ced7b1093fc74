/** Selects which of very many points are drawn: enough to see every outlier, few enough for a page. */

export interface Point {
  /** Its position among all, from 0. */
  readonly index: number;
  readonly value: number;
}

/**
 * All points of `values` if there are at most `most`. Otherwise the smallest and the largest of each of `most` / 2
 * equal segments, in order: as a plot with that many pixels shows them, without losing an extreme.
 * @param lists the series one after another, to avoid copying them into one.
 */
export function thin(lists: readonly (readonly number[])[], most: number): Point[] {
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  const points: Point[] = [];
  const stretches = Math.floor(most / 2);
  let [index, stretch] = [0, 0];
  let least: Point | undefined;
  let greatest: Point | undefined;
  const close = (): void => {
    if (least === undefined || greatest === undefined) return;
    const both = least.index < greatest.index ? [least, greatest] : [greatest, least];
    points.push(...(least.index === greatest.index ? [least] : both));
    least = greatest = undefined;
  };
  for (const list of lists) {
    for (const value of list) {
      if (total <= most) points.push({ index, value });
      else {
        const at = Math.floor((index * stretches) / total);
        if (at !== stretch) close();
        stretch = at;
        if (least === undefined || value < least.value) least = { index, value };
        if (greatest === undefined || value > greatest.value) greatest = { index, value };
      }
      index += 1;
    }
  }
  close();
  return points;
}

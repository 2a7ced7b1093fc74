import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { thin } from './thin.ts';

test('few points are all kept, in order over all series', () => {
  expect(thin([[3, 1], [], [2]], 4)).toEqual([
    { index: 0, value: 3 },
    { index: 1, value: 1 },
    { index: 2, value: 2 },
  ]);
});

test('of many points, the extremes of every segment are kept, wherever they are', () => {
  const values = Array.from({ length: 1000 }, (_, index) => 100 + (index % 7));
  values[617] = 5000;
  values[618] = 1;
  const points = thin([values.slice(0, 300), values.slice(300)], 20);
  expect(points).toHaveLength(20);
  expect(points).toContainEqual({ index: 617, value: 5000 });
  expect(points).toContainEqual({ index: 618, value: 1 });
});

test('any series: never more than requested, each a point of the series, in order, with both extremes', () => {
  const series = fc.array(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 80 }), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(series, fc.integer({ min: 2, max: 60 }), (lists, limit) => {
      const all = lists.flat();
      const points = thin(lists, limit);
      expect(points.length).toBeLessThanOrEqual(limit);
      expect(points.every(({ index, value }) => all[index] === value)).toBe(true);
      expect(points.map(({ index }) => index)).toEqual(
        [...new Set(points.map(({ index }) => index))].toSorted((one, other) => one - other),
      );
      if (all.length === 0) return;
      const kept = points.map(({ value }) => value);
      expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...all), Math.max(...all)]);
    }),
  );
});

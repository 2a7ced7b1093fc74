import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deal } from './sequencer.ts';

const seconds = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 });

test('each is dealt once, and as evenly as the longest allows', () => {
  fc.assert(
    fc.property(seconds, fc.integer({ min: 1, max: 6 }), (all, count) => {
      const shards = deal(all, count);
      expect(shards.flat().toSorted((a, b) => a - b)).toEqual(all.map((_, index) => index));
      const totals = shards.map((indices) => indices.reduce((sum, index) => sum + (all[index] ?? 0), 0));
      const mean = totals.reduce((sum, total) => sum + total, 0) / count;
      expect(Math.max(...totals)).toBeLessThanOrEqual(mean + Math.max(0, ...all));
      // No shard is empty while another has two.
      const lengths = shards.map(({ length }) => length);
      expect(Math.min(...lengths) > 0 || all.length < count || all.includes(0)).toBe(true);
    }),
  );
});

test('the matrix in four shards: 5 min each instead of 22', () => {
  const matrix = [76, 85, 85, 110, 110, 110, 110, 162, 162, 162, 162, 0, 0];
  const totals = deal(matrix, 4).map((shard) => shard.reduce((sum, index) => sum + (matrix[index] ?? 0), 0));
  expect(Math.max(...totals)).toBeLessThan(360);
});

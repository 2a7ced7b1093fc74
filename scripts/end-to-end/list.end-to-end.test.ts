/** Lists the matrix without running it. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { APPLICATION_NAMES } from '../../fixtures/benchmarks/index.ts';
import { MICROBENCHMARK_NAMES } from '../../fixtures/benchmarks/micro.ts';
import { CELLS } from '../../fixtures/matrix.ts';
import { leftovers } from './run.testing.ts';
import { test } from './test.testing.ts';

test('vitest list suites shows every benchmark of every cell, and builds and boots nothing', async ({
  start,
  place,
}) => {
  const cache = path.join(place.results, 'cache');
  mkdirSync(cache);
  const list = start(['list', 'suites'], { environment: { XDG_CACHE_HOME: cache } });
  expect(await list.end()).toMatchObject({ exitCode: 0 });
  const applications = CELLS.flatMap(({ name, level }) =>
    listedAs(name, `l${level}/l${level}`, APPLICATION_NAMES),
  );
  const micro = ['l1-baseline', 'l2-baseline', 'l2-dvh', 'l3-baseline', 'l3-dvh'].flatMap((cell) =>
    listedAs(cell, `micro/${cell.slice(0, 2)}`, MICROBENCHMARK_NAMES),
  );
  const expected = applications.concat(micro);
  expect(expected).toHaveLength(13 * 7 + 5 * 8);
  // The list includes unit tests in suites/.
  const listed = list.stdout.split('\n').filter((line) => /^\[l\d-/.test(line));
  expect(listed.toSorted()).toEqual(expected.toSorted());
  expect(readdirSync(cache)).toEqual([]);
  expect(leftovers(place)).toEqual([]);
  expect(existsSync(list.directory)).toBe(false);
});

function listedAs(cell: string, file: string, names: readonly string[]): string[] {
  return names.map((benchmark) => `[${cell}] suites/${file}.test.ts > ${benchmark}`);
}

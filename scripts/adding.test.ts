/** A new configuration or benchmark brings what it needs in its own file; nothing else in the tree names it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Configuration } from '../fixtures/configurations/configuration.ts';
import { CONFIGURATIONS } from '../fixtures/configurations/index.ts';
import { APPLICATION_NAMES, BENCHMARK_PACKAGES, BENCHMARKS } from '../fixtures/benchmarks/index.ts';
import { type Cell, CELLS, LEVELS } from '../fixtures/matrix.ts';
import { OVERHEAD_FIGURES, type OverheadFigure } from '../reporters/analysis/overhead-figures.ts';
import { fillOf, patternDefinitions, variables } from '../reporters/report/palette.ts';
import { ROOT_PACKAGES } from '../setup/build/image/guest-root.ts';
import { RECORDED_PACKAGES } from '../setup/build/image/image.ts';
import { isTest, SOURCE_FILES } from './cli/source-files.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const EVERY: readonly Configuration[] = CONFIGURATIONS;
const NAMES = EVERY.map(({ name }) => name);

/** Source files outside `folder` that have one of the words as a string literal, as `FILE: WORD`. */
function naming(words: readonly string[], folder: string): string[] {
  return SOURCE_FILES.filter((file) => !file.startsWith(folder) && !isTest(file)).flatMap((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    return words.filter((word) => text.includes(`'${word}'`)).map((word) => `${file}: ${word}`);
  });
}

test('only its own folder names a configuration', () => {
  expect(naming(NAMES, 'fixtures/configurations/')).toEqual([]);
});

test('every configuration is drawn in its own colour and pattern', () => {
  const looks = EVERY.map(({ look }) => look);
  expect(new Set(looks.map(({ colour }) => colour.light)).size).toBe(EVERY.length);
  expect(new Set(looks.map(({ colour }) => colour.dark)).size).toBe(EVERY.length);
  expect(new Set(looks.map(({ pattern }) => pattern?.path)).size).toBe(EVERY.length);
  for (const { name, look } of EVERY) {
    expect(fillOf(name)).toBe(`var(--nb-${name})`);
    for (const theme of ['light', 'dark'] as const)
      expect(variables(theme)).toContain(`--nb-${name}:${look.colour[theme]};`);
    expect(patternDefinitions([name], 'x')).toContain(look.pattern?.path ?? '');
  }
});

function figuresOf(cell: Cell): OverheadFigure[] {
  return OVERHEAD_FIGURES.filter(({ levels, has }) => levels.includes(cell.level) && has(cell));
}

test.each(CELLS.filter(({ level }) => level > 0))(
  '$name is a bar of a figure, next to the configuration that it extends',
  (cell) => {
    const figures = figuresOf(cell);
    expect(figures).not.toEqual([]);
    const extended = EVERY.find(({ name }) => name === cell.configuration)?.extends;
    const beside = CELLS.filter(
      ({ level, configuration }) => level === cell.level && configuration === extended,
    );
    expect(beside).toHaveLength(extended === undefined ? 0 : 1);
    for (const each of beside) expect(figuresOf(each)).toEqual(expect.arrayContaining(figures));
  },
);

test.each(BENCHMARKS)(
  '$name brings its packages: the image gets them, and they are recorded',
  (benchmark) => {
    const { packages = [], imageSetup } = benchmark;
    expect(packages).not.toEqual([]);
    expect(ROOT_PACKAGES).toEqual(expect.arrayContaining([...packages, ...(imageSetup?.packages ?? [])]));
    expect(RECORDED_PACKAGES).toEqual(expect.arrayContaining([...packages]));
  },
);

test("only its own folder names a benchmark's packages", () => {
  // The suites and the fault campaign, because `memcached` is the name of a benchmark too.
  const named = naming(BENCHMARK_PACKAGES, 'fixtures/benchmarks/');
  expect(named.filter((each) => !/^(suites|scripts\/faults)\//.test(each))).toEqual([]);
});

test.each(LEVELS)('the suite of L%i runs every benchmark, each by its own line', (level) => {
  const text = readFileSync(path.join(ROOT, `suites/l${level}/l${level}.test.ts`), 'utf8');
  const lines = [...text.matchAll(/^test\('([^']+)', \({ measure }\) => measure\('\1'\)\);$/gm)];
  expect(lines.map(([, name]) => name)).toEqual(APPLICATION_NAMES);
});

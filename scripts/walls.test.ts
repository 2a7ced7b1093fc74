import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTest, SOURCE_FILES } from './cli/source-files.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** The folders from the bottom up: each imports from itself and from those before it. */
const LAYERS = [
  'fixtures',
  'setup/lib',
  'setup/journal',
  'setup/machine',
  'setup/run',
  'setup/build',
  'setup/measure',
  'setup/stack',
  'setup/testbed',
  'setup',
  'reporters/statistics',
  'reporters/model',
  'reporters/analysis',
  'reporters/terminal',
  'reporters/files',
  'reporters/report',
  'reporters/explain',
  'reporters/verdict',
  'reporters/history',
  'reporters',
  'scripts/cli',
  'scripts/ab',
  'scripts/bisect',
  'scripts/bench',
  'scripts/explain',
  'scripts/faults',
  'scripts',
  'suites',
];

/** What reporters may import from setup. The two Vitest reporters also read the run's settings. */
const SETUP_FOR_REPORTERS = ['setup/lib', 'setup/journal'];

/** Folders that must not import from each other. */
const APART = [
  ['setup/testbed/emulated', 'setup/testbed/physical'],
  ['reporters/verdict', 'reporters/history'],
] as const;

const IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}\/[^']+)'/g;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = SOURCE_FILES.filter((file) => layerOf(file) !== undefined);

const imports = files.flatMap((file) => importsIn(file, readFileSync(path.join(ROOT, file), 'utf8')));

function importsIn(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, to = '']) => ({
    from: file,
    to: path.join(path.dirname(file), to),
  }));
}

function layerOf(file: string): string | undefined {
  return LAYERS.findLast((layer) => file.startsWith(`${layer}/`) && !deeper(file, layer));
}

/** Whether a layer inside this one has the file. */
function deeper(file: string, layer: string): boolean {
  return LAYERS.some((other) => other.startsWith(`${layer}/`) && file.startsWith(`${other}/`));
}

function topOf(file: string): string {
  return file.slice(0, file.indexOf('/'));
}

function rank(layers: readonly string[], layer: string | undefined): number {
  return layer === undefined ? -1 : layers.indexOf(layer);
}

const shown = ({ from, to }: Import): string => `${from} imports ${to}`;

describe('a folder imports only from those below it', () => {
  test('in what runs', () => {
    const upwards = imports.filter(
      ({ from, to }) => !isTest(from) && rank(LAYERS, layerOf(to)) > rank(LAYERS, layerOf(from)),
    );
    expect(upwards.map(shown)).toEqual([]);
  });

  test('in tests, of the five at the top', () => {
    const tops = [...new Set(LAYERS.map((layer) => topOf(`${layer}/`)))];
    const upwards = imports.filter(({ from, to }) => rank(tops, topOf(to)) > rank(tops, topOf(from)));
    expect(upwards.map(shown)).toEqual([]);
  });

  test('production code imports nothing that is for tests', () => {
    const mixed = imports.filter(({ from, to }) => !isTest(from) && isTest(to));
    expect(mixed.map(shown)).toEqual([]);
  });
});

test('reporters read the journal, and know nothing of machines', () => {
  const tooDeep = imports.filter(({ from, to }) => {
    if (isTest(from) || topOf(from) !== 'reporters' || topOf(to) !== 'setup') return false;
    const allowed =
      layerOf(from) === 'reporters' ? [...SETUP_FOR_REPORTERS, 'setup/run'] : SETUP_FOR_REPORTERS;
    return !allowed.includes(layerOf(to) ?? '');
  });
  expect(tooDeep.map(shown)).toEqual([]);
});

test.for(APART)('%s and %s do not import from each other', ([one, other]) => {
  const across = imports.filter(
    ({ from, to }) =>
      !isTest(from) &&
      [one, other].every((folder) => [from, to].some((file) => file.startsWith(`${folder}/`))),
  );
  expect(across.map(shown)).toEqual([]);
});

test('no files import each other in a circle, except for types', () => {
  const next = new Map(
    files.map((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8').replaceAll(/^(im|ex)port type [^;]*;/gm, '');
      return [file, importsIn(file, text).map(({ to }) => to)];
    }),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' > '));
    if (way.includes(file) || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

test('a file name occurs once in the whole tree', () => {
  const seen = new Map<string, string[]>();
  for (const file of files) {
    const name = path.basename(file);
    seen.set(name, [...(seen.get(name) ?? []), file]);
  }
  const several = [...seen.values()].filter((same) => same.length > 1 && !same.every(isNamedByFolder));
  expect(several).toEqual([]);
});

/** Suites are named after the benchmarks that they run at each level; an index is named by its folder. */
function isNamedByFolder(file: string): boolean {
  return path.basename(file) === 'index.ts' || /^suites\/(l\d|micro)\//.test(file);
}

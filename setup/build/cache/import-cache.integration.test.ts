import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { emptyCache, holdCache, sweepCache } from './build-cache.ts';
import {
  artefact,
  exported,
  failing,
  type Hostile,
  hostileExport,
  importing,
  never,
  onSmallDisk,
  random,
} from './export.testing.ts';
import { MANIFEST } from './export-format.ts';
import { importCache } from './import-cache.ts';

/** The artefacts in a cache, complete or partial. */
function artefactsIn(cache: string): string[] {
  return readdirSync(cache)
    .filter((name) => !/^(locks?|logs)$/.test(name))
    .toSorted();
}

test('existing artefacts are kept, and the others are added while a run holds the cache', async () => {
  const cache = temporaryCache();
  const [one, other] = [await artefact('one', { made: 'first' }), await artefact('other', { made: '2' })];
  const file = await exported([one, other]);
  writeFileSync(path.join(one.directory, 'made'), 'mine');
  rmSync(other.directory, { recursive: true });
  await using run = await holdCache(never);
  const { added, kept, differing } = await importCache(file, never);
  expect([added, kept].map((each) => each.map(({ name }) => name))).toEqual([['other'], ['one']]);
  expect(readFileSync(path.join(one.directory, 'made'), 'utf8')).toBe('mine');
  expect(readFileSync(path.join(other.directory, 'made'), 'utf8')).toBe('2');
  expect(differing).toEqual([]);
  expect(run.file).toBe(path.join(cache, 'lock'));
});

/**
 * @returns why an import was rejected.
 */
async function refusal(file: string, cache: string): Promise<string> {
  const before = artefactsIn(cache);
  const error: unknown = await importCache(file, never).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'NESTBENCH_BAD_EXPORT', kind: 'configuration' });
  expect(artefactsIn(cache)).toEqual(before);
  const { message } = error instanceof Error ? error : new Error('');
  expect(message).not.toContain('\n');
  return message.replace(file, 'FILE');
}

test('an artefact with only its provenance is completed, if the versions are the same', async () => {
  temporaryCache();
  const made = await artefact('toolchain', { gcc: 'gcc' });
  const [whole, alone] = [await exported([made]), await exported([{ ...made, contents: 'provenance' }])];
  rmSync(made.directory, { recursive: true });
  await importCache(alone, never);
  expect(readdirSync(made.directory)).toEqual(['provenance.json']);
  await expect(importCache(alone, never)).resolves.toMatchObject({ added: [], kept: [{}] });
  await expect(importCache(whole, never)).resolves.toMatchObject({ added: [{}], kept: [] });
  expect(readFileSync(path.join(made.directory, 'gcc'), 'utf8')).toBe('gcc');
  await expect(importCache(alone, never)).resolves.toMatchObject({ added: [], kept: [{}] });
  rmSync(path.join(made.directory, 'gcc'));
  const provenance = path.join(made.directory, 'provenance.json');
  writeFileSync(provenance, readFileSync(provenance, 'utf8').replace('"version": "1"', '"version": "2"'));
  await expect(importCache(whole, never)).resolves.toMatchObject({
    added: [],
    differing: [`toolchain-${made.hash}: version 1 is 2`],
  });
});

test('an artefact without its provenance is replaced, as by a build', async () => {
  temporaryCache();
  const made = await artefact('thing', { made: 'whole', other: '1' });
  const file = await exported([made]);
  rmSync(path.join(made.directory, 'provenance.json'));
  rmSync(path.join(made.directory, 'made'));
  await expect(importCache(file, never)).resolves.toMatchObject({ added: [{ name: 'thing' }], kept: [] });
  expect(readdirSync(made.directory).toSorted()).toEqual(['made', 'other', 'provenance.json']);
});

test('a file that can’t be read is not reported as damaged', async () => {
  temporaryCache();
  // Nothing is mapped at its beginning.
  await expect(importCache('/proc/self/mem', never)).rejects.toMatchObject({ code: 'EIO', syscall: 'read' });
});

test('reports artefacts that have other versions under the same name', async () => {
  temporaryCache();
  const made = await artefact('toolchain', { gcc: 'gcc' });
  const file = await exported([made]);
  const provenance = path.join(made.directory, 'provenance.json');
  writeFileSync(provenance, readFileSync(provenance, 'utf8').replace('"version": "1"', '"version": "2"'));
  const { differing } = await importCache(file, never);
  expect(differing).toEqual([`toolchain-${made.hash}: version 1 is 2`]);
});

describe('rejected in one sentence, with the cache unchanged', () => {
  const COMMON = "FILE can't be imported: ";

  test.each<[what: string, hostile: Hostile, why: string | RegExp]>([
    [
      'a newer format',
      { manifest: (good) => ({ ...good, format: 2, nestbench: '9.0.0', more: true }) },
      'it was written by a newer nestbench, 9.0.0, in format 2; this one reads format 1',
    ],
    [
      'a manifest of something else',
      { manifest: () => ({ a: 1 }) },
      'its manifest does not have the expected fields',
    ],
    ['no manifest', { tar: (label) => [label] }, 'it has no manifest'],
    [
      'a name that is a path',
      {
        manifest: (good) => ({ ...good, artefacts: good.artefacts.map((one) => ({ ...one, name: '../x' })) }),
      },
      'its manifest does not have the expected fields',
    ],
    [
      'an artefact twice',
      { manifest: (good) => ({ ...good, artefacts: [...good.artefacts, ...good.artefacts] }) },
      'its manifest names an artefact twice',
    ],
    [
      'an artefact that is not in it',
      { tar: () => [MANIFEST] },
      /^tar refuses it: tar: thing-[\da-f]{16}: Not found in archive/,
    ],
    [
      'a changed file',
      { tar: (label) => ['--transform=s/made/changed/', MANIFEST, label] },
      /^thing-[\da-f]{16} does not match its manifest: it was changed/,
    ],
    [
      'a member outside its directory',
      { tar: (label) => ['--absolute-names', `--transform=s,sub/file,../../../climbed,`, MANIFEST, label] },
      /^tar refuses it: tar: thing-.*Member name contains '\.\.'/,
    ],
    [
      'the same file twice',
      { tar: (label) => ['--hard-dereference', MANIFEST, label, `${label}/made`] },
      /^tar refuses it: tar: thing-.*\/made: Cannot open: File exists/,
    ],
    [
      'an absolute link',
      { tree: (directory) => symlinkSync('/etc', path.join(directory, 'etc')) },
      /^thing-[\da-f]{16}\/etc is a link to \/etc, outside the artefact/,
    ],
    [
      'a relative link to the outside',
      { tree: (directory) => symlinkSync('../../other', path.join(directory, 'sub/link')) },
      /\/sub\/link is a link to \.\.\/\.\.\/other, outside the artefact/,
    ],
    [
      'a relative link to the outside through another link',
      {
        tree: (directory) => {
          symlinkSync('..', path.join(directory, 'sub/up'));
          symlinkSync('up/../../other', path.join(directory, 'sub/link'));
        },
      },
      /\/sub\/link is a link to up\/\.\.\/\.\.\/other, outside the artefact/,
    ],
    [
      'a pipe',
      { tree: (directory) => void execFileSync('mkfifo', [path.join(directory, 'pipe')]) },
      /\/pipe is neither a file nor a directory/,
    ],
    [
      'no provenance',
      { tree: (directory) => rmSync(path.join(directory, 'provenance.json')) },
      /^thing-[\da-f]{16} has no provenance/,
    ],
    [
      'other versions than in its manifest',
      {
        manifest: (good) => ({
          ...good,
          artefacts: good.artefacts.map((one) => ({ ...one, facts: { version: '2' } })),
        }),
      },
      /^thing-[\da-f]{16} does not match the inputs in its name/,
    ],
    [
      "another's provenance",
      {
        tree: (directory) => {
          const file = path.join(directory, 'provenance.json');
          const text = readFileSync(file, 'utf8').replace('"inputs": {}', '"inputs": { "a": "b" }');
          writeFileSync(file, text);
        },
      },
      /^thing-[\da-f]{16} does not match the inputs in its name/,
    ],
    [
      'more data than in the manifest, which would fill the disk',
      {
        tree: (directory) => writeFileSync(path.join(directory, 'zeros'), Buffer.alloc(8 * 1024 * 1024)),
        manifest: (good) => ({ ...good, artefacts: good.artefacts.map((one) => ({ ...one, bytes: 1000 })) }),
      },
      'it is truncated, or was changed',
    ],
  ])('%s', async (_, hostile, why) => {
    const cache = temporaryCache();
    const file = await hostileExport(hostile);
    const message = await refusal(file, cache);
    expect(message).toMatch(/\. The cache is unchanged\.$/);
    expect(message.slice(0, COMMON.length)).toBe(COMMON);
    const reason = message.slice(COMMON.length);
    expect(reason).toMatch(why instanceof RegExp ? why : new RegExp(`^${RegExp.escape(why)}\\. The cache`));
  });

  test('a truncated file', async () => {
    const cache = temporaryCache();
    const { directory, ...one } = await artefact('thing', { made: random(1024 * 1024) });
    const file = await exported([one]);
    rmSync(directory, { recursive: true });
    const { size } = statSync(file);
    for (const left of [Math.floor(0.9 * size), Math.floor(size / 2), 100, 1, 0]) {
      truncateSync(file, left);
      expect(await refusal(file, cache)).toMatch(
        /it is truncated, or was changed|it has no manifest|it is not compressed/,
      );
    }
  });

  test('a file with a flipped bit', async () => {
    const cache = temporaryCache();
    const { directory, ...one } = await artefact('thing', { made: random(1024 * 1024) });
    const file = await exported([one]);
    rmSync(directory, { recursive: true });
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(await refusal(file, cache)).toContain('it is truncated, or was changed');
  });

  test('a file that is not an export, or does not exist', async () => {
    const cache = temporaryCache();
    await artefact('thing', {});
    const directory = temporaryDirectory();
    const file = path.join(directory, 'letter');
    writeFileSync(file, 'Dear reader, this is no archive.');
    expect(await refusal(file, cache)).toContain('it is not compressed like an export');
    expect(await refusal(directory, cache)).toContain('it is not a file');
    expect(await refusal(path.join(directory, 'nosuch'), cache)).toMatch(/^There is no file /);
  });
});

test('links inside their artefact are kept, and any in a root file system', async () => {
  temporaryCache();
  const good = await hostileExport({
    tree: (directory) => symlinkSync('../made', path.join(directory, 'sub/link')),
  });
  await expect(importCache(good, never)).resolves.toMatchObject({ added: [{ name: 'thing' }] });
  const tool = await artefact('toolchain', { 'root/bin/sh': 'sh' });
  symlinkSync('/bin/sh', path.join(tool.directory, 'root/bin/bash'));
  const file = await exported([tool]);
  await emptyCache();
  await expect(importCache(file, never)).resolves.toMatchObject({ added: [{ name: 'toolchain' }] });
});

test('an import that is killed leaves what the next start removes', async () => {
  const cache = temporaryCache();
  const { directory, ...large } = await artefact('large', { made: random() });
  const file = await exported([large]);
  rmSync(directory, { recursive: true });
  const other = spawn(process.execPath, ['--input-type=module', '--eval', importing(file)], {
    stdio: 'inherit',
  });
  const half = `import.building-${other.pid}`;
  await expect.poll(() => artefactsIn(cache), { timeout: 30_000, interval: 5 }).toContain(half);
  expect(await sweepCache()).toEqual([]);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(artefactsIn(cache)).toEqual([half]);
  await expect.poll(sweepCache, { timeout: 5000 }).toEqual([half]);
  expect(artefactsIn(cache)).toEqual([]);
  await importCache(file, never);
  expect(artefactsIn(cache)).toEqual([`large-${large.hash}`]);
});

test('an aborted import leaves nothing', async () => {
  const cache = temporaryCache();
  const { directory, ...large } = await artefact('large', { made: random() });
  const file = await exported([large]);
  rmSync(directory, { recursive: true });
  const stopping = new AbortController();
  const work = importCache(file, stopping.signal);
  await expect.poll(() => artefactsIn(cache), { timeout: 30_000, interval: 5 }).toHaveLength(1);
  stopping.abort();
  await expect(work).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  expect(artefactsIn(cache)).toEqual([]);
});

describe('a full disk is reported in one sentence, and nothing partial is left', () => {
  test.each([
    ['that has less room than the import needs', 1024 * 1024, 'The import needs 2.0 MiB, and '],
    // Whole pages for small files: more than their bytes.
    ['that fills up meanwhile', 2200 * 1024, 'The import of '],
  ])('%s', async (_, bytes, why) => {
    const cache = temporaryCache();
    const small = Object.fromEntries(Array.from({ length: 200 }, (__, index) => [`${index}`, 'small']));
    const { directory, ...one } = await artefact('thing', { made: random(1.7 * 1024 * 1024), ...small });
    const file = await exported([one]);
    rmSync(directory, { recursive: true });
    mkdirSync(cache, { recursive: true });
    const said = onSmallDisk(cache, bytes, failing(importing(file), cache));
    expect(said).toContain(`NESTBENCH_NO_SPACE ${why}`);
    expect(said).toMatch(/The cache is unchanged\.\nlock locks\n$/);
  });
});

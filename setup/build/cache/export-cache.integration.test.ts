import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventsOf } from '../../lib/task-progress.testing.ts';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { cacheDirectory, emptyCache, holdCache, sweepCache } from './build-cache.ts';
import { exportCache, type ExportOptions } from './export-cache.ts';
import { artefact, exported, exporting, failing, never, onSmallDisk, random } from './export.testing.ts';
import { importCache } from './import-cache.ts';

function options(artefacts: ExportOptions['artefacts'], force = false): ExportOptions {
  return { nestbench: '0.1.0', artefacts, force, signal: never };
}

/** Every file below a directory, with its mode and content. */
function filesIn(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(path.join(directory, name)).isFile())
      .toSorted()
      .map((name) => {
        const file = path.join(directory, name);
        return [name, `${statSync(file).mode.toString(8)} ${readFileSync(file, 'hex')}`];
      }),
  );
}

/** A valid file name, including long ones: tar's own header has space for 100 bytes. */
const fileName = fc
  .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
  .filter((name) => !/[/\0]/.test(name) && !/^\.+$/.test(name) && Buffer.byteLength(name) < 200);

test('an export and import preserves files of any name and content', async () => {
  const trees = fc.dictionary(
    fc.tuple(fileName, fileName).map((parts) => parts.join('/')),
    fc.record({
      content: fc.uint8Array({ maxLength: 2000 }),
      mode: fc.constantFrom(0o644, 0o755, 0o600, 0o444),
    }),
    { maxKeys: 5, noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(trees, async (files) => {
      temporaryCache();
      const contents = Object.fromEntries(
        Object.entries(files).map(([name, { content }]) => [name, content]),
      );
      const made = await artefact('thing', { ...contents, last: 'made' });
      for (const [name, { mode }] of Object.entries(files)) chmodSync(path.join(made.directory, name), mode);
      const before = filesIn(made.directory);
      const file = await exported([made]);
      await emptyCache();
      const { added } = await importCache(file, never);
      expect(added.map(({ hash }) => hash)).toEqual([made.hash]);
      expect(filesIn(made.directory)).toEqual(before);
    }),
    { numRuns: 15 },
  );
});

test('an artefact with only its provenance brings nothing else', async () => {
  temporaryCache();
  const tool = await artefact('toolchain', { 'root/bin/gcc': 'large' });
  const file = await exported([{ ...tool, contents: 'provenance' }]);
  await emptyCache();
  await importCache(file, never);
  expect(readdirSync(tool.directory)).toEqual(['provenance.json']);
});

test('is written while a run holds the cache, with progress', async () => {
  const cache = temporaryCache();
  await using run = await holdCache(never);
  const made = await artefact('thing', { made: Buffer.alloc(1_000_000) });
  const file = path.join(temporaryDirectory(), 'x');
  const script = exporting(file, [made]);
  const events = await eventsOf(script, { XDG_CACHE_HOME: path.dirname(cache) });
  expect(events.at(-1)).toMatchObject({ task: 'export', state: 'done', fraction: 1 });
  expect(events.some(({ text, secondsLeft }) => text === 'packing' && secondsLeft !== undefined)).toBe(true);
  expect(existsSync(file)).toBe(true);
  expect(run.file).toBe(path.join(cache, 'lock'));
});

test('does not overwrite a file without --force', async () => {
  temporaryCache();
  const made = await artefact('thing', { made: 'whole' });
  const file = path.join(temporaryDirectory(), 'x');
  writeFileSync(file, 'mine');
  await expect(exportCache(file, options([made]))).rejects.toThrow(
    `${file} already exists. Select another name, or overwrite it with --force.`,
  );
  expect(readFileSync(file, 'utf8')).toBe('mine');
  await exportCache(file, options([made], true));
  await expect(importCache(file, never)).resolves.toMatchObject({ kept: [{ name: 'thing' }] });
});

test.each([
  ['a folder', '/', /^\/ is a folder\. Name a file in it\.$/],
  [
    'a file in a folder that nobody can write to',
    '/proc/x',
    /^\/proc\/x can't be written: ENOENT.*, in \/proc\.$/,
  ],
])('%s is rejected before anything is packed, also with force', async (_, file, why) => {
  temporaryCache();
  await expect(exportCache(file, options([], true))).rejects.toThrow(why);
});

test('names the missing folder', async () => {
  temporaryCache();
  const file = path.join(temporaryDirectory(), 'nosuch/x');
  await expect(exportCache(file, options([]))).rejects.toThrow(`There is no folder ${path.dirname(file)}`);
});

test('an export that is killed leaves no file of that name, and the next one removes what it left', async () => {
  const cache = temporaryCache();
  const made = await artefact('thing', { made: 'whole' });
  const large = await artefact('large', { made: random() });
  const directory = temporaryDirectory();
  const file = path.join(directory, 'x');
  const argv = ['--input-type=module', '--eval', exporting(file, [large])];
  const other = spawn(process.execPath, argv, { stdio: 'inherit' });
  const half = `x.building-${other.pid}`;
  await expect.poll(() => readdirSync(directory), { timeout: 30_000, interval: 5 }).toContain(half);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(readdirSync(directory)).toEqual([half]);
  await exportCache(file, options([made]));
  expect(readdirSync(directory)).toEqual(['x']);
  await sweepCache();
  expect(readdirSync(cache).filter((name) => name.includes('.building-'))).toEqual([]);
});

test('an aborted export leaves nothing', async () => {
  temporaryCache();
  const made = await artefact('thing', { made: Buffer.alloc(1_000_000) });
  const directory = temporaryDirectory();
  const signal = AbortSignal.abort();
  await expect(exportCache(path.join(directory, 'x'), { ...options([made]), signal })).rejects.toMatchObject({
    code: 'NESTBENCH_ABORTED',
  });
  expect(readdirSync(directory)).toEqual([]);
  expect(readdirSync(cacheDirectory()).filter((name) => name.includes('.building-'))).toEqual([]);
});

test('a full disk is reported in one sentence, and nothing partial is left', async () => {
  temporaryCache();
  const made = await artefact('thing', { made: random(1024 * 1024) });
  const directory = temporaryDirectory();
  const file = path.join(directory, 'x');
  expect(onSmallDisk(directory, 64 * 1024, failing(exporting(file, [made]), directory))).toBe(
    `NESTBENCH_NO_SPACE No space left while writing ${file}. Make room, or name a file on a roomier disk.\n\n`,
  );
});

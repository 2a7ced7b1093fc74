import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { artefact, exported } from '../setup/build/cache/export.testing.ts';
import { InputError } from '../setup/lib/errors.ts';
import { temporaryCache, temporaryDirectory } from '../setup/lib/temporary.testing.ts';
import { parseCacheCommand } from './cli/cache-options.ts';
import { versionsOf } from './cli/cache-table.ts';

const script = path.join(import.meta.dirname, 'cache.ts');

async function run(...words: readonly string[]) {
  return execa(process.execPath, [script, ...words], { reject: false });
}

test('lists the contents, with sizes, times and versions', async () => {
  const cache = temporaryCache();
  expect((await run()).stdout).toBe(`${cache} is empty: the first run fills it.`);
  const { hash } = await artefact('emulator', { program: Buffer.alloc(3 * 1024 * 1024, 1) });
  mkdirSync(path.join(cache, 'snapshots'));
  writeFileSync(path.join(cache, 'snapshots/one'), Buffer.alloc(2 * 1024 * 1024, 1));
  const { stdout } = await run();
  expect(stdout).toMatch(/^\/.*\/nestbench, 5\.\d MiB:\n/);
  expect(stdout).toMatch(
    new RegExp(`^emulator-${hash}  3\\.0 MiB  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  1$`, 'm'),
  );
  expect(stdout).toMatch(/^snapshots +2\.0 MiB/m);
  expect(stdout).toMatch(/\n\nOld parts stay until npm run clean empties the cache/);
});

test('imports, prints what it added and what it skipped, and rejects a file that is not an export', async () => {
  const cache = temporaryCache();
  const made = await artefact('thing', { made: 'whole' });
  const file = await exported([made]);
  expect((await run('clean')).stdout).toMatch(/^Emptied /);
  expect((await run('import', file)).stdout).toMatch(
    new RegExp(`^Imported from ${file}, made at .*:\n  thing-${made.hash}  10\\.0 KiB  1$`),
  );
  expect((await run('import', file)).stdout).toMatch(/^Already in the cache, and left unchanged:\n  thing-/);
  const none = path.join(temporaryDirectory(), 'none');
  writeFileSync(none, 'none');
  const { exitCode, stderr } = await run('import', none);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${none} can't be imported`);
  expect(stderr).not.toMatch(/\n +at /);
  expect(readdirSync(cache)).toContain(`thing-${made.hash}`);
});

test('refuses to overwrite a file before anything is built', async () => {
  const cache = temporaryCache();
  const file = path.join(temporaryDirectory(), 'x');
  writeFileSync(file, 'mine');
  const { exitCode, stderr } = await run('export', file);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('--force') });
  expect(existsSync(cache)).toBe(false);
});

describe('options', () => {
  test('FILE is relative to the user’s working directory', () => {
    expect(parseCacheCommand(['export', 'x', '--force'], '/home/me')).toEqual({
      command: 'export',
      file: '/home/me/x',
      withToolchain: false,
      force: true,
    });
    expect(parseCacheCommand([], '/home/me')).toEqual({ command: 'list' });
    expect(parseCacheCommand(['clean', '--snapshots'], '/')).toEqual({ command: 'clean', snapshots: true });
  });

  test.each([
    [['export'], 'export takes exactly one FILE.'],
    [['import', 'a', 'b'], 'import takes exactly one FILE.'],
    [['import', 'a', '--force'], '--force is an option of export.'],
    [['--snapshots'], '--snapshots is an option of clean.'],
    [['clean', 'x'], 'clean takes no argument, but got x.'],
    [['empty'], 'There is no command "empty".'],
  ])('%j are rejected', (argv, why) => {
    const parse = (): unknown => parseCacheCommand(argv, '/');
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(why);
  });
});

test('of hundreds of packages, those that distinguish one toolchain from another are printed', () => {
  const facts = { bash: '5', 'linux-source-6.12': '6.12.57-1', gcc: '4:14.2.0-1', 'src:qemu': '1:10.0.13' };
  expect(versionsOf({ facts })).toBe('linux-source-6.12 6.12.57-1, gcc 4:14.2.0-1, src:qemu 1:10.0.13');
});

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { holdCache } from '../setup/build/cache/build-cache.ts';
import { temporaryCache } from '../setup/lib/temporary.testing.ts';

const script = path.join(import.meta.dirname, 'clean.ts');

test('empties the cache and says how much space that freed', async () => {
  const cache = temporaryCache();
  mkdirSync(path.join(cache, 'kernel-1'), { recursive: true });
  writeFileSync(path.join(cache, 'kernel-1/vmlinux'), Buffer.alloc(3 * 1024 * 1024, 1));
  const { stdout } = await execa(process.execPath, [script]);
  expect(stdout).toMatch(/^Emptied .*\/nestbench: 3\.0 MiB freed\.$/);
  expect(readdirSync(cache)).toEqual(['lock']);
});

test('refuses in one sentence while a run uses it', async () => {
  const cache = temporaryCache();
  await using run = await holdCache(new AbortController().signal);
  const { exitCode, stderr } = await execa(process.execPath, [script], { reject: false });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${cache} is used by process ${process.pid}`);
  expect(stderr.split('\n').filter((line) => line.startsWith('    at '))).toEqual([]);
  expect(run.file).toContain(cache);
});

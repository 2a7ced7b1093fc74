import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { processesWith, uniqueSleep } from '../../machine/processes.testing.ts';
import { temporaryDirectory } from '../../temporary.testing.ts';
import { watchConsole } from './watch-console.ts';

const file = (): string => path.join(temporaryDirectory(), 'console.log');

test('a panic is told with what was said before it, whatever came after; and the command is ended', async () => {
  const seconds = uniqueSleep();
  const script = `echo booting; echo 'Kernel panic - not syncing: VFS: no root'; echo 'another kernel boots'; exec sleep ${seconds}`;
  const kept = file();
  const watched = watchConsole('l0', { argv: ['sh', '-c', script], file: kept });
  await expect
    .poll(() => watched.sentence(), { timeout: 20_000 })
    .toBe(`Its kernel panicked: VFS: no root. Its console is kept in ${kept}.`);
  expect(watched.output()).toBe('booting\nKernel panic - not syncing: VFS: no root');
  await watched[Symbol.asyncDispose]();
  expect(readFileSync(kept, 'utf8')).toContain('another kernel boots');
  expect(processesWith(seconds)).toEqual([]);
});

test('without a panic its last lines are told', async () => {
  await using watched = watchConsole('l0', { argv: ['sh', '-c', 'echo GRUB; exec cat'], file: file() });
  await expect.poll(() => watched.output(), { timeout: 20_000 }).toBe('GRUB');
  expect(watched.sentence()).toMatch(/^Its console is kept in .*; no panic was seen there\.$/);
});

test('a command that there is not is no failure, and says nothing', async () => {
  await using watched = watchConsole('l0', { argv: ['nestbench-no-such-command'], file: file() });
  expect(watched.sentence()).toBe('Its console said nothing ("nestbench-no-such-command").');
});

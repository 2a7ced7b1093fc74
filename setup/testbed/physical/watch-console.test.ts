import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { processesWith, uniqueSleep } from '../../machine/processes.testing.ts';
import { temporaryDirectory } from '../../temporary.testing.ts';
import { watchConsole } from './watch-console.ts';

const file = (): string => path.join(temporaryDirectory(), 'console.log');

test.each([
  'Kernel panic - not syncing: VFS: Unable to mount root fs',
  // As Debian 12's initramfs says it; its sentence goes on with common problems.
  'Gave up waiting for root file system device',
])('"%s" is told with what was said before it, whatever came after; the command is ended', async (fault) => {
  const seconds = uniqueSleep();
  const script = `echo booting; echo '${fault}.  Common problems:'; echo 'another kernel boots'; exec sleep ${seconds}`;
  const kept = file();
  const watched = watchConsole('l0', { argv: ['sh', '-c', script], file: kept });
  await expect
    .poll(() => watched.sentence(), { timeout: 20_000 })
    .toMatch(new RegExp(`^Its console said "${fault}.*"; it is kept in ${kept}\\.$`));
  expect(watched.output()).toMatch(new RegExp(`^booting\n${fault}`));
  expect(watched.output()).not.toContain('another kernel');
  await watched[Symbol.asyncDispose]();
  expect(readFileSync(kept, 'utf8')).toContain('another kernel boots');
  expect(processesWith(seconds)).toEqual([]);
});

test('without a fault its last lines are told', async () => {
  await using watched = watchConsole('l0', { argv: ['sh', '-c', 'echo GRUB; exec cat'], file: file() });
  await expect.poll(() => watched.output(), { timeout: 20_000 }).toBe('GRUB');
  expect(watched.sentence()).toMatch(/^Its console is kept in .*; no fault was seen there\.$/);
});

test('a command that there is not is no failure, and says nothing', async () => {
  await using watched = watchConsole('l0', { argv: ['nestbench-no-such-command'], file: file() });
  expect(watched.sentence()).toBe('Its console said nothing ("nestbench-no-such-command").');
});

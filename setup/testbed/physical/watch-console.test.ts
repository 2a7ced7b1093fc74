import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { processesWith, uniqueSleep } from '../../lib/processes.testing.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { watchConsole } from './watch-console.ts';

const file = (): string => path.join(temporaryDirectory(), 'console.log');

test.each([
  'Kernel panic - not syncing: VFS: Unable to mount root fs',
  // From Debian 12's initramfs; its sentence continues with common problems.
  'Gave up waiting for root file system device',
])('"%s" is reported with the text before it, whatever came after; the command is ended', async (fault) => {
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

function watch(script: string): ReturnType<typeof watchConsole> {
  return watchConsole('l0', { argv: ['sh', '-c', script], file: file() });
}

test('if a kernel started without a fault, its last lines are reported', async () => {
  await using watched = watch('echo GRUB; echo "Linux version 6.1.0 (x)"; echo up; exec cat');
  await expect.poll(() => watched.output(), { timeout: 20_000 }).toBe('Linux version 6.1.0 (x)\nup');
  expect(watched.sentence()).toMatch(/^Its console is kept in .*; no fault was seen there\.$/);
});

test('if its command ended, the report says that nothing was seen after that', async () => {
  await using watched = watch('echo "Linux version 6.1.0 (x)"; exit 4');
  await expect
    .poll(() => watched.sentence(), { timeout: 20_000 })
    .toMatch(/; no fault was seen there until the command for it, .*, ended after .* s with exit code 4\.$/);
});

test('without a kernel nothing is said about faults', async () => {
  await using watched = watch('echo GRUB; exec cat');
  await expect.poll(() => watched.output(), { timeout: 20_000 }).toBe('GRUB');
  expect(watched.sentence()).toMatch(
    /^Its console is kept in .*; no kernel was seen to start there, so the cause is unknown\.$/,
  );
});

test('a missing command is not a failure, and is reported', async () => {
  const kept = file();
  await using watched = watchConsole('l0', { argv: ['nestbench-no-such-command'], file: kept });
  await expect
    .poll(() => watched.sentence(), { timeout: 20_000 })
    .toBe(
      `Its console was not seen: the command for it, "nestbench-no-such-command", could not be started (ENOENT). Try it by hand; its output is kept in ${kept}.`,
    );
});

test.each([
  [
    'fails at once',
    'echo "Error: Unable to establish IPMI v2 / RMCP+ session" >&2; exit 1',
    'exit code 1, and said "Error: Unable to establish IPMI v2 / RMCP+ session"',
  ],
  ['ends at once', 'exit 0', 'exit code 0'],
  ['is ended', 'kill -KILL $$', 'SIGKILL'],
  [
    'fails after it said something',
    'echo "[SOL Session operational.]"; exit 3',
    'exit code 3, and said "[SOL Session operational.]"',
  ],
])('a command that %s is no evidence of health', async (_, script, how) => {
  await using watched = watch(script);
  await expect.poll(() => watched.sentence(), { timeout: 20_000 }).toContain(how);
  expect(watched.sentence()).toMatch(/^Its console was not seen: the command for it, .*, ended after /);
});

test.each([
  'Info: SOL payload already active on another session',
  '[console server is in use by admin@there; attached (spy)]',
  'error: operation failed: Active console session exists for this domain',
  'Device /dev/ttyS0 is locked.',
])('a console that somebody else holds is no evidence of health: %s', async (busy) => {
  await using watched = watch(`echo '${busy}'; exec cat`);
  await expect.poll(() => watched.sentence(), { timeout: 20_000 }).toContain(`and said "${busy}"`);
  expect(watched.sentence()).not.toContain('no fault was seen');
});

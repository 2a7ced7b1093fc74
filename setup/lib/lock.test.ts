import { once } from 'node:events';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeHolders, isHeldAbove, takeLock, tryLock } from './lock.ts';
import { temporaryDirectory } from './temporary.testing.ts';

const never = new AbortController().signal;

test('an exclusive lock excludes all others, a shared one only exclusive ones', async () => {
  const file = path.join(temporaryDirectory(), 'lock');
  {
    await using first = await tryLock(file);
    expect(first).toBeDefined();
    expect(await tryLock(file)).toBeUndefined();
    expect(await tryLock(file, { shared: true })).toBeUndefined();
  }
  await using one = await tryLock(file, { shared: true });
  await using two = await tryLock(file, { shared: true });
  expect([one, two]).not.toContain(undefined);
  expect(await tryLock(file)).toBeUndefined();
});

test('a waiter gets the names of the holders, and the lock once it is free', async () => {
  const file = path.join(temporaryDirectory(), 'lock');
  const first = await takeLock(file, { signal: never });
  let holders = '';
  const waiting = takeLock(file, {
    signal: never,
    onWait: (who) => {
      holders = who;
      void first[Symbol.asyncDispose]();
    },
  });
  await using second = await waiting;
  expect(second.file).toBe(file);
  expect(holders).toContain(`process ${process.pid}`);
});

test('a wait ends when it is aborted', async () => {
  const file = path.join(temporaryDirectory(), 'lock');
  await using held = await takeLock(file, { signal: never });
  const controller = new AbortController();
  const waiting = takeLock(held.file, {
    signal: controller.signal,
    onWait: () => setTimeout(() => controller.abort(), 50),
  });
  await expect(waiting).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
});

test('a process that is killed leaves no lock', async () => {
  const file = path.join(temporaryDirectory(), 'lock');
  const script = `
    import { tryLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.ts'))};
    await tryLock(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  expect(await tryLock(file)).toBeUndefined();
  expect(describeHolders(file)).toContain(`process ${other.pid}`);
  other.kill('SIGKILL');
  await using lock = await takeLock(file, { signal: AbortSignal.timeout(5000) });
  expect(lock.file).toBe(file);
});

test('a lock of an ancestor process is detected', async () => {
  const file = path.join(temporaryDirectory(), 'lock');
  expect(isHeldAbove(file)).toBe(false);
  await using held = await takeLock(file, { signal: never });
  // It is this process's own lock, and the process is only an ancestor of its children.
  expect(isHeldAbove(held.file)).toBe(false);
  const script = `
    import { isHeldAbove } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.ts'))};
    console.log(isHeldAbove(process.argv[1]));`;
  const argv = ['--input-type=module', '--eval', script, file];
  expect(execFileSync(process.execPath, argv, { encoding: 'utf8' })).toBe('true\n');
});

test('the end of the process that holds a lock is noticed, and that of a disposed lock is none', async () => {
  const file = path.join(temporaryDirectory(), 'lock');
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  await using _ = await takeLock(file, { signal: never, onLost: resolve });
  const { ino } = statSync(file);
  const [, holder] =
    new RegExp(`FLOCK +\\S+ +\\S+ +(\\d+) \\S+:${ino} `).exec(readFileSync('/proc/locks', 'utf8')) ?? [];
  process.kill(Number(holder), 'SIGKILL');
  await lost;
  let losses = 0;
  const other = await takeLock(file, { signal: never, onLost: () => (losses += 1) });
  await other[Symbol.asyncDispose]();
  expect(losses).toBe(0);
});

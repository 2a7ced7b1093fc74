import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { BootError } from './errors.ts';
import { delay, waitUntil, withDeadline } from './wait.ts';

const never = new AbortController().signal;
const nap = (signal: AbortSignal): Promise<void> => delay(60_000, signal);
const sleepyProbe = ({ signal }: { signal: AbortSignal }): Promise<undefined> =>
  sleep(60_000, undefined, { signal });
const brokenProbe = (): undefined => {
  throw new TypeError('broken probe');
};
const doneAnyway = async (signal: AbortSignal): Promise<string> => {
  await nap(signal).catch(() => {});
  return 'a machine that someone must dispose';
};
const options = { deadlineSeconds: 30, intervalMs: 5, signal: never, machine: 'l2' };

test('polls until the probe returns something', async () => {
  let calls = 0;
  await expect(waitUntil('three', () => (++calls === 3 ? calls : undefined), options)).resolves.toBe(3);
});

test('null and false are answers', async () => {
  await expect(waitUntil('null', () => null, options)).resolves.toBeNull();
  await expect(waitUntil('false', async () => false, options)).resolves.toBe(false);
});

test('a missed deadline says what was awaited, where, how long, and what was last seen', async () => {
  const waiting = waitUntil('two CPUs', ({ saw }) => saw('one CPU'), { ...options, deadlineSeconds: 0.2 });
  await expect(waiting).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    kind: 'infrastructure',
    message: 'Waited 0.2 s on l2 for two CPUs. Last seen: one CPU',
    machine: 'l2',
    seconds: 0.2,
  });
});

test('the deadline limits a probe that waits for its signal', async () => {
  await expect(waitUntil('godot', sleepyProbe, { ...options, deadlineSeconds: 0.2 })).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
  });
});

test('an error of the probe ends the wait', async () => {
  await expect(waitUntil('anything', brokenProbe, options)).rejects.toThrow('broken probe');
});

test('an abort ends the wait at once', async () => {
  const controller = new AbortController();
  const waiting = waitUntil('godot', () => undefined, {
    ...options,
    intervalMs: 60_000,
    signal: controller.signal,
  });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED', machine: 'l2' });
});

test("the signal's own reason is thrown if it is a nestbench error", async () => {
  const reason = new BootError({ message: 'l1 did not start.' });
  await expect(delay(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('work that ends in time leaves no timer behind', async () => {
  vi.useFakeTimers();
  try {
    await withDeadline('nothing', 60, never, async () => {});
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('the deadline aborts the signal of the work', async () => {
  let given: AbortSignal | undefined;
  const work = (signal: AbortSignal): Promise<void> => {
    given = signal;
    return delay(60_000, signal);
  };
  await expect(withDeadline('a nap', 0.1, never, work)).rejects.toThrow('Waited 0.1 s for a nap.');
  expect(given?.aborted).toBe(true);
});

test('work that finishes despite the deadline is not thrown away', async () => {
  await expect(withDeadline('a machine', 0.1, never, doneAnyway)).resolves.toContain('machine');
});

test('work that ignores its signal is abandoned after a while', async () => {
  vi.useFakeTimers();
  try {
    const stuck = new Promise<void>(() => {});
    const waiting = withDeadline('godot', 0.1, never, () => stuck).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(6000);
    expect(await waiting).toMatchObject({ code: 'NESTBENCH_DEADLINE' });
  } finally {
    vi.useRealTimers();
  }
});

test('no deadline is no deadline', async () => {
  await expect(withDeadline('a nap', Infinity, never, () => sleep(50, 'slept'))).resolves.toBe('slept');
});

import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { abortable } from './abortable.ts';

const never = new Promise<never>(() => {});

test('a result before the abort is returned, and no listener is left on the signal', async () => {
  const { signal } = new AbortController();
  await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1);
  await expect(abortable(Promise.reject(new Error('refused')), signal)).rejects.toThrow('refused');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test("an abort ends the wait with the signal's reason, or with another", async () => {
  const controller = new AbortController();
  const waits = [
    abortable(never, controller.signal),
    abortable(never, controller.signal, () => new Error('no answer')),
  ];
  controller.abort(new Error('stopped'));
  const after = abortable(never, controller.signal);
  const ends = await Promise.allSettled([...waits, after]);
  expect(ends.map((end) => end.status === 'rejected' && String(end.reason))).toEqual([
    'Error: stopped',
    'Error: no answer',
    'Error: stopped',
  ]);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

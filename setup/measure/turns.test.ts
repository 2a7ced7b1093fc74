import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

/** Work that notes its start and its end. */
function work(name: string, order: string[]): () => Promise<string> {
  return async () => {
    order.push(`${name} starts`);
    await tick();
    await tick();
    order.push(`${name} ends`);
    return name;
  };
}

test('concurrent requests are served one after another, in order', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const done = await Promise.all(['one', 'two', 'three'].map((name) => turns.take(work(name, order))));
  expect(done).toEqual(['one', 'two', 'three']);
  expect(order).toEqual(['one starts', 'one ends', 'two starts', 'two ends', 'three starts', 'three ends']);
});

test('a failure lets the next one have its turn', async () => {
  const turns = new Turns();
  const failing = turns.take(() => Promise.reject(new Error('lost')));
  const next = turns.take(() => Promise.resolve('measured'));
  await expect(failing).rejects.toThrow('lost');
  await expect(next).resolves.toBe('measured');
});

test('the end of all is known, also of work that nobody awaits', async () => {
  const turns = new Turns();
  const order: string[] = [];
  void turns.take(work('one', order));
  void turns.take(work('two', order));
  await turns.ended();
  expect(order.at(-1)).toBe('two ends');
});

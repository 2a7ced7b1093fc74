import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { STOCK_VARIANT } from '../../fixtures/variant.ts';
import { temporaryCache } from '../lib/temporary.testing.ts';
import { isAllBuilt, together } from './build-all.ts';

const never = new AbortController().signal;

async function untilAborted(signal: AbortSignal): Promise<void> {
  await sleep(60_000, undefined, { signal });
}

test('returns both results', async () => {
  const both = together(
    never,
    async () => 1,
    async () => 'two',
  );
  expect(await both).toEqual([1, 'two']);
});

test('if one fails, the other is ended first, and the first error is thrown', async () => {
  const order: string[] = [];
  const failing = async (): Promise<never> => {
    order.push('failed');
    throw new Error('the first');
  };
  const running = async (signal: AbortSignal): Promise<void> => {
    await sleep(60_000, undefined, { signal }).catch(() => {});
    order.push('ended');
    throw new Error('the second, because of the first');
  };
  await expect(together(never, running, failing)).rejects.toThrow('the first');
  expect(order).toEqual(['failed', 'ended']);
});

test('an abort reaches both', async () => {
  const controller = new AbortController();
  const both = together(controller.signal, untilAborted, untilAborted);
  controller.abort(new Error('enough'));
  await expect(both).rejects.toMatchObject({ name: 'AbortError' });
});

test('an empty cache lacks something, and checking it creates nothing', async () => {
  const cache = temporaryCache();
  expect(await isAllBuilt(STOCK_VARIANT)).toBe(false);
  expect(existsSync(cache)).toBe(false);
});

import { expect, test } from 'vitest';
import { reportsOfClock } from './incidents.testing.ts';

const never = new AbortController().signal;

async function clockSet(...bootedAt: readonly number[]): Promise<number[]> {
  using machine = reportsOfClock(...bootedAt);
  const seconds: number[] = [];
  for (const _ of bootedAt) seconds.push((await machine.sinceLast(never)).clockSetSeconds);
  return seconds;
}

test('a time of day that is set is reported once, ahead and back', async () => {
  expect(await clockSet(1000, 1000, 4600, 4600, 4599.5)).toEqual([0, 0, 3600, 0, -0.5]);
});

test('readings that differ by less than two clocks can be read apart are the same', async () => {
  expect(await clockSet(1764416000.1, 1764416000.105, 1764416000.099)).toEqual([0, 0, 0]);
});

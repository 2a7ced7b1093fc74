import { expect, test } from 'vitest';
import type { BootResult } from './boot-result.ts';
import { bootTable } from './boot-table.ts';

function result(over: Partial<BootResult>): BootResult {
  return {
    cell: 'l1-baseline',
    level: 1,
    settings: 'cold',
    round: 1,
    startSeconds: 0.5,
    steps: [],
    outcome: { state: 'up', seconds: 5, phases: [] },
    ...over,
  };
}

function up(settings: BootResult['settings'], seconds: number, round = 1): BootResult {
  const part = (seconds - 0.5) / 5;
  const phases = [
    { name: 'client: kernel', seconds: 99 },
    { name: 'l0: QEMU', seconds: part },
    { name: 'l0: kernel', seconds: part },
    { name: 'l1: QEMU', seconds: part },
    { name: 'l1: kernel', seconds: part },
    { name: 'l1: checks', seconds: part },
  ];
  return result({ settings, round, outcome: { state: 'up', seconds, phases } });
}

test('cold next to stock, their ratio, and the phases, which add up; the concurrent client is left out', () => {
  expect(bootTable([up('cold', 5.5), up('stock', 10.5)], 120)).toMatchInlineSnapshot(`
    "From the command's start to "Ready to run experiments!", with kernel and image built before; one round.

      level    cold    stock   stock / cold
      L1      6.0 s   11.0 s           1.8x

    L1, where the time goes: cold / stock, in seconds
                   QEMU      kernel      checks          sum
      start                                        0.5 / 0.5
      L0      1.0 / 2.0   1.0 / 2.0                2.0 / 4.0
      L1      1.0 / 2.0   1.0 / 2.0   1.0 / 2.0    3.0 / 6.0
      rest                                         0.5 / 0.5
      sum     2.0 / 4.0   2.0 / 4.0   1.0 / 2.0   6.0 / 11.0"
  `);
});

test('with several rounds the median boot counts, and the range is printed', () => {
  const text = bootTable([up('cold', 7, 1), up('cold', 5, 2), up('cold', 6, 3)], 200);
  expect(text).toContain('the median of 3 rounds, in parentheses the fastest and the slowest');
  expect(text).toContain('6.5 s (5.5 to 7.5)');
});

test('a stock stack that did not come up gives a bound, and its last step is printed', () => {
  const steps = [
    { text: 'booting the server', seconds: 0.04 },
    { text: 'booting L1', seconds: 6 },
  ];
  const late = result({ settings: 'stock', steps, outcome: { state: 'late', deadlineSeconds: 300 } });
  const text = bootTable([up('cold', 9.5), late], 120);
  expect(text).toMatch(/L1 +10\.0 s +did not come up in 300 s +more than 30\.1x/);
  expect(text).toContain(
    'L1, stock, round 1, did not come up in 300 s: booting the server from 0.0 s on, booting L1 from 6.0 s on.',
  );
  expect(text).toMatch(/L0 +1\.8 \/ - /);
});

test('a failure says why, and gives no ratio', () => {
  const failed = result({ settings: 'stock', outcome: { state: 'failed', message: 'The kernel panicked.' } });
  const text = bootTable([up('cold', 9.5), failed], 120);
  expect(text).toMatch(/did not come up +-$/m);
  expect(text).toContain('did not come up: nothing was started. The kernel panicked.');
});

test('if some of the rounds did not come up, the others count and their number is printed', () => {
  const late = result({ settings: 'stock', round: 2, outcome: { state: 'late', deadlineSeconds: 30 } });
  const text = bootTable([up('cold', 5), up('stock', 20), up('cold', 5, 2), late], 200);
  expect(text).toContain('20.5 s; 1 of 2 did not come up in 30 s');
});

test('stock alone has nothing to compare with; no boot has no table', () => {
  expect(bootTable([up('stock', 9.5)], 120)).toMatch(/L1 +10\.0 s$/m);
  expect(bootTable([], 120)).toBe('No stack was booted.');
});

import { expect, test } from 'vitest';
import { inTurnTable, type Row } from './in-turn-table.ts';

interface Run {
  readonly bootSeconds: number;
  readonly rate: number;
}

const ROWS: readonly Row<Run>[] = [
  { name: 'cold boot', of: ({ bootSeconds }) => bootSeconds, unit: 's' },
  { name: 'netperf-rr', of: ({ rate }) => rate, unit: '/s' },
];

test('shows medians, ranges and the difference', () => {
  const base = [30, 40, 34].map((bootSeconds) => ({ bootSeconds, rate: 100 }));
  const head = [25.5, 26, 25].map((bootSeconds) => ({ bootSeconds, rate: 130 }));
  expect(inTurnTable(ROWS, base, head)).toMatchInlineSnapshot(`
    "3 rounds, in turn; medians, with the range in parentheses
                                     base                       head  head to base
    cold boot       34.0 s (30.0 to 40.0)      25.5 s (25.0 to 26.0)       -25.0 %
    netperf-rr  100.0 /s (100.0 to 100.0)  130.0 /s (130.0 to 130.0)       +30.0 %"
  `);
});

test('shows no range for one round', () => {
  const run = { bootSeconds: 30, rate: 100 };
  expect(inTurnTable(ROWS, [run], [run])).not.toContain('(30');
});

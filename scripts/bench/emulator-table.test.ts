import { expect, test } from 'vitest';
import { emulatorTable } from './emulator-table.ts';

test('shows medians, ranges and the difference', () => {
  const base = [30, 40, 34].map((bootSeconds) => ({ bootSeconds, rate: 100, cpuSeconds: 80 }));
  const head = [25.5, 26, 25].map((bootSeconds) => ({ bootSeconds, rate: 130, cpuSeconds: 60 }));
  expect(emulatorTable(base, head)).toMatchInlineSnapshot(`
    "3 rounds, in turn; medians, with the range in parentheses
                                          base                       head  head to base
    cold boot            34.0 s (30.0 to 40.0)      25.5 s (25.0 to 26.0)       -25.0 %
    netperf-rr       100.0 /s (100.0 to 100.0)  130.0 /s (130.0 to 130.0)       +30.0 %
    CPU time of all      80.0 s (80.0 to 80.0)      60.0 s (60.0 to 60.0)       -25.0 %"
  `);
});

test('shows no range for one round', () => {
  const run = { bootSeconds: 30, rate: 100, cpuSeconds: 80 };
  expect(emulatorTable([run], [run])).not.toContain('(30');
});

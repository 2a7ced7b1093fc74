import { expect, test } from 'vitest';
import type { Measured, Simulation } from './simulation.ts';
import { failing, validityTable } from './table.ts';

const COVERAGE = {
  printedAs: 'a ± b',
  when: '3 boots',
  nominal: 0.95,
  bound: 'at least',
  trial: () => true,
} satisfies Simulation;
const ALARMS = {
  ...COVERAGE,
  printedAs: 'an alarm',
  when: 'no change',
  nominal: 0.01,
  bound: 'at most',
} as const;

function measured(simulation: Simulation, rate: number): Measured {
  return { simulation, rate, trials: 1000 };
}

test('the stated rate is next to the measured one', () => {
  const all = [
    measured(COVERAGE, 0.94),
    measured(
      { ...ALARMS, limit: { text: 'Alarms are more frequent if nights are correlated.', rate: 0.3 } },
      0.3,
    ),
  ];
  expect(validityTable(all, 100)).toMatchInlineSnapshot(`
    "printed as  of           nominal  measured     +-  within?
    ----------------------------------------------------------
    a ± b       3 boots    >= 95.0 %    94.0 %  2.1 %  yes
    an alarm    no change   <= 1.0 %    30.0 %  0.9 %  limit

    Limits
      Alarms are more frequent if nights are correlated.

    HELD: 1 of 2 lines are within their stated rate, 1 outside it by a stated limit. "+-" is the random
    error of the stated rate: three standard errors of that many trials."
  `);
});

test("a rate that chance can't explain fails, and so does one beyond its limit's rate", () => {
  // Three standard errors of 0.95 over 1000 are 0.0207, of 0.01 they are 0.0094.
  expect(failing([measured(COVERAGE, 0.9294), measured(ALARMS, 0.0193)])).toEqual([]);
  expect(failing([measured(COVERAGE, 0.9292)])).toHaveLength(1);
  expect(failing([measured(ALARMS, 0.0195)])).toHaveLength(1);
  const limited = { ...ALARMS, limit: { text: 'known', rate: 0.3 } };
  expect(failing([measured(limited, 0.3)])).toEqual([]);
  expect(failing([measured(limited, 0.4)])).toHaveLength(1);
});

/**
 * A short version of each simulation: its claim holds, or its limit is stated. A seed makes the numbers reproducible.
 */
import { expect, test } from 'vitest';
import { SIMULATIONS } from './index.ts';
import { isWithin, isWithinLimit, type Measured, measure, nameOf, type Simulation } from './simulation.ts';

/** Three standard errors of 95 % are then 2.1 %. */
const COUNT = 1000;

function measured(simulation: Simulation): Measured {
  const trials = measure(simulation, COUNT, 1);
  for (;;) {
    const step = trials.next();
    if (step.done === true) return step.value;
  }
}

test.each(SIMULATIONS.filter(({ limit }) => limit === undefined))(
  '$printedAs: $when',
  { timeout: 120_000 },
  (simulation) => {
    const result = measured(simulation);
    expect(isWithin(result), `${result.rate}, stated ${simulation.bound} ${simulation.nominal}`).toBe(true);
  },
);

test.each(SIMULATIONS.filter(({ limit }) => limit !== undefined))(
  '$printedAs: $when, within its limit',
  { timeout: 120_000 },
  (simulation) => {
    const result = measured(simulation);
    expect(isWithin(result) || isWithinLimit(result), `${result.rate}, limit ${simulation.limit?.rate}`).toBe(
      true,
    );
  },
);

test('each line of the table is unique', () => {
  const names = SIMULATIONS.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
});

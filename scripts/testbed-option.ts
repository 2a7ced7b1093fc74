/** `--testbed FILE`, or TESTBED: which physical testbed a script is for. */
import type { TestbedDescription } from '../fixtures/testbed.ts';
import { InputError } from '../setup/errors.ts';
import { readTestbed } from '../setup/testbed/physical/description.ts';

/** Undefined where none is named, or `emulated` is. */
export function chosenTestbed(option: string | undefined): TestbedDescription | undefined {
  const file = option ?? process.env['TESTBED'] ?? 'emulated';
  return file === 'emulated' || file === '' ? undefined : readTestbed(file);
}

/** @throws {InputError} where none is named: only a physical one can be changed. */
export function physicalTestbed(option: string | undefined, usage: string): TestbedDescription {
  const testbed = chosenTestbed(option);
  if (testbed !== undefined) return testbed;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `Name the testbed's file: the emulated testbed is made anew for every run, and nothing of it is changed. Usage: ${usage}`,
  );
}

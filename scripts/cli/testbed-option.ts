/** `--testbed FILE`, or TESTBED: which physical testbed a script is for, and its machines. */
import type { TestbedDescription } from '../../fixtures/testbed.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { connectOpenssh } from '../../setup/machine/ssh/openssh.ts';
import type { Machine } from '../../setup/machine/machine.ts';
import { testbedFileOf } from '../../setup/run/testbed-file.ts';
import { holdMachine } from '../../setup/testbed/physical/hold.ts';
import { readTestbed, targetOf } from '../../setup/testbed/physical/description.ts';

/** Undefined where none is named, or `emulated` is. */
export function chosenTestbed(option: string | undefined): TestbedDescription | undefined {
  const file = testbedFileOf(option ?? process.env['TESTBED']);
  return file === undefined ? undefined : readTestbed(file);
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

const CONNECT_SECONDS = 30;

/**
 * Does work on one machine after the other, and says what came of it.
 * @param work gets the machine and where nestbench keeps what it needs there; what it gives back are clauses.
 */
export async function onBothMachines(
  testbed: TestbedDescription,
  otherwise: string,
  work: (machine: Machine, directory: string, signal: AbortSignal) => Promise<readonly string[]>,
): Promise<void> {
  const { signal } = new AbortController();
  for (const name of ['client', 'server'] as const) {
    const target = targetOf(testbed, name);
    await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: CONNECT_SECONDS });
    // Nobody measures on it meanwhile.
    await using _ = await holdMachine(name, target, signal);
    const told = await work(machine, testbed[name].directory, signal);
    console.log(`${name}: ${told.length === 0 ? otherwise : told.join('; ')}`);
  }
}

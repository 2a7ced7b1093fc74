/** `--testbed FILE`, or TESTBED: which testbed a script is for, and the machines of a physical one. */
import type { TestbedDescription } from '../../fixtures/testbed-description.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { connectOpenssh } from '../../setup/machine/ssh/openssh.ts';
import type { Machine } from '../../setup/machine/machine.ts';
import { EMULATED, testbedName } from '../../setup/run/testbed-name.ts';
import { holdMachine } from '../../setup/testbed/physical/hold.ts';
import { readTestbed, targetOf } from '../../setup/testbed/physical/testbed-file.ts';

export function selectedTestbed(option: string | undefined): string {
  return testbedName(option ?? process.env['TESTBED']);
}

/**
 * @throws {InputError} if none is named: only a physical testbed can be changed.
 */
export function physicalTestbed(option: string | undefined, usage: string): TestbedDescription {
  const name = selectedTestbed(option);
  if (name !== EMULATED) return readTestbed(name);
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `Name the testbed's file. The emulated testbed is created for each run, so there is nothing to change. Usage: ${usage}`,
  );
}

const CONNECT_SECONDS = 30;

/**
 * Does work on one machine after the other, and prints what was done.
 * @param work gets the machine and nestbench's directory there, and returns clauses that say what it did.
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
    // Keeps others from measuring on it meanwhile.
    await using _ = await holdMachine(name, target, signal);
    const done = await work(machine, testbed[name].directory, signal);
    console.log(`${name}: ${done.length === 0 ? otherwise : done.join('; ')}`);
  }
}

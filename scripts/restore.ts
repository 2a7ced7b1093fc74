/** `npm run restore`: takes away what nestbench put on the machines of a physical testbed, and puts back what it changed. */
import { connectOpenssh } from '../setup/machine/openssh.ts';
import { readRunning, restoreGrub } from '../setup/testbed/physical/grub.ts';
import { installedKernels, removeKernel } from '../setup/testbed/physical/kernel-install.ts';
import { untune } from '../setup/testbed/physical/tune.ts';
import { targetOf } from '../setup/testbed/physical/description.ts';
import { parseArguments } from './arguments.ts';
import { runScript } from './run-script.ts';
import { physicalTestbed } from './testbed-option.ts';

const USAGE = 'npm run restore [-- --testbed FILE]';
const CONNECT_SECONDS = 30;

await runScript(async () => {
  const { values } = parseArguments(
    { args: process.argv.slice(2), options: { testbed: { type: 'string' } } },
    USAGE,
  );
  const testbed = physicalTestbed(values.testbed, USAGE);
  const { signal } = new AbortController();
  for (const name of ['client', 'server'] as const) {
    const { directory } = testbed[name];
    const target = targetOf(testbed, name);
    await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: CONNECT_SECONDS });
    const told = (await untune(machine, directory, signal)).map((change) => `put back ${change}`);
    const { release } = await readRunning(machine, signal);
    for (const kernel of await installedKernels(machine, directory, signal)) {
      // Its modules may yet be needed.
      if (kernel === release) continue;
      await removeKernel(machine, kernel, directory, signal);
      told.push(`took the kernel ${kernel} away`);
    }
    // Last, since it asks GRUB for a menu of what is left.
    if (await restoreGrub(machine, signal)) told.push("took its entry out of GRUB's menu");
    const left = await installedKernels(machine, directory, signal);
    if (left.length > 0)
      told.push(`left ${left.join(', ')}, which runs: reboot the machine, and restore again`);
    console.log(`${name}: ${told.length === 0 ? 'nothing of nestbench is there' : told.join('; ')}`);
  }
});

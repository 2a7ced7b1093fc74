/**
 * `npm run restore`: removes what nestbench installed on the machines of a physical testbed, and restores what it
 * changed.
 */
import { readRunning, restoreGrub } from '../setup/testbed/physical/grub.ts';
import { installedKernels, removeKernel } from '../setup/testbed/physical/kernel-install.ts';
import { removeTools } from '../setup/testbed/physical/set-up.ts';
import { untune } from '../setup/testbed/physical/tuning.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { onBothMachines, physicalTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run restore [-- --testbed FILE]';

await runScript(USAGE, async () => {
  const { values } = parseArguments({ options: { testbed: { type: 'string' } } }, USAGE);
  const testbed = physicalTestbed(values.testbed, USAGE);
  await onBothMachines(testbed, 'nothing of nestbench is left', async (machine, directory, signal) => {
    const done = await removeTools(machine, directory, signal);
    done.push(...(await untune(machine, directory, signal)).map((change) => `restored ${change}`));
    const { release } = await readRunning(machine, signal);
    for (const kernel of await installedKernels(machine, directory, signal)) {
      // The running kernel may still need its modules.
      if (kernel === release) continue;
      await removeKernel(machine, kernel, directory, signal);
      done.push(`removed the kernel ${kernel}`);
    }
    if (await restoreGrub(machine, signal)) done.push("removed its entry from GRUB's menu");
    const left = await installedKernels(machine, directory, signal);
    if (left.length > 0)
      done.push(`kept ${left.join(', ')}, which is running: reboot the machine, and run restore again`);
    return done;
  });
});

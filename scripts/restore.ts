/** `npm run restore`: takes away what nestbench put on the machines of a physical testbed, and puts back what it changed. */
import { readRunning, restoreGrub } from '../setup/testbed/physical/grub.ts';
import { installedKernels, removeKernel } from '../setup/testbed/physical/kernel-install.ts';
import { removeTools } from '../setup/testbed/physical/tools.ts';
import { untune } from '../setup/testbed/physical/tuning.ts';
import { HELP, parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { onBothMachines, physicalTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run restore [-- --testbed FILE]';

await runScript(async () => {
  const { values } = parseArguments({ options: { ...HELP, testbed: { type: 'string' } } }, USAGE);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const testbed = physicalTestbed(values.testbed, USAGE);
  await onBothMachines(testbed, 'nothing of nestbench is there', async (machine, directory, signal) => {
    const told = await removeTools(machine, directory, signal);
    told.push(...(await untune(machine, directory, signal)).map((change) => `put back ${change}`));
    const { release } = await readRunning(machine, signal);
    for (const kernel of await installedKernels(machine, directory, signal)) {
      // Its modules may yet be needed.
      if (kernel === release) continue;
      await removeKernel(machine, kernel, directory, signal);
      told.push(`took the kernel ${kernel} away`);
    }
    if (await restoreGrub(machine, signal)) told.push("took its entry out of GRUB's menu");
    const left = await installedKernels(machine, directory, signal);
    if (left.length > 0)
      told.push(`left ${left.join(', ')}, which runs: reboot the machine, and restore again`);
    return told;
  });
});

/**
 * The same stack as a person would type it without our recipe: QEMU's and the kernel's own settings. It runs the same
 * image and kernel with the same devices, sizes and pins, so what differs is what the recipe of docs/emulated-testbed.md is worth.
 */
import type { Accelerator, MachinePlan } from '../../stack/machine-plan.ts';
import type { StackPlan } from './stack-plan.ts';

/** What is not stock about it; told beside every comparison, since it flatters stock. */
export const KEPT_OF_OURS = [
  'our kernel, a small uncompressed vmlinux (PVH), and our image with its init',
  'a virtio console beside the serial one, since the init writes to /dev/hvc0',
  'panic=-1, -no-reboot, -S and QMP, so that a failure is seen and vCPUs are pinned',
  'what the cell is: virtio disks, NIC with vhost and rng, sizes, pins, nesting',
] as const;

/** A word of the kernel command line that names what to boot, and not how; every other is our recipe's. */
const KEPT_WORD = /^(panic|root|rootfstype|init|kvm_amd\.nested|kvm_intel\.nested|nestbench\.\w+)=|^ro$/;

/** An option of QEMU and its value, where it has one. */
type Option = readonly [name: string] | readonly [name: string, value: string];

/** The stock variant of a plan. Pure. */
export function stockPlan(plan: StackPlan): StackPlan {
  const [server, ...guests] = plan.levels;
  return {
    ...plan,
    client: stockMachine(plan.client),
    levels: [stockMachine(server), ...guests.map(stockMachine)],
  };
}

function stockMachine(machine: MachinePlan): MachinePlan {
  const kernelCommandLine = stockCommandLine(machine.kernelCommandLine);
  const argv = stockArgv(machine.qemu.argv, machine.accelerator, kernelCommandLine);
  return { ...machine, kernelCommandLine, qemu: { ...machine.qemu, argv } };
}

function stockCommandLine(ours: string): string {
  return ['console=ttyS0', ...ours.split(' ').filter((word) => KEPT_WORD.test(word))].join(' ');
}

function stockArgv(ours: readonly string[], accelerator: Accelerator, commandLine: string): string[] {
  const [program = '', ...words] = ours;
  const options = readOptions(words).flatMap((option) => stockOption(option, accelerator, commandLine));
  return [program, ...options.flat(), '-serial', 'chardev:console'];
}

/** The option as stock has it; none where stock has no such option. */
function stockOption([name, value = '']: Option, accelerator: Accelerator, commandLine: string): Option[] {
  switch (name) {
    case '-M':
      return [[name, 'q35']];
    case '-accel':
      return [[name, accelerator]];
    case '-cpu':
      return [[name, value === 'host' ? 'host' : 'EPYC,+svm']];
    case '-append':
      return [[name, commandLine]];
    // So there are SeaBIOS, a VGA, a floppy drive and a CD drive, and what QEMU's own configuration files add.
    case '-bios':
    case '-nodefaults':
    case '-no-user-config':
      return [];
    case '-device':
      return [[name, value.replace(',romfile=', '')]];
    // The serial port writes where the virtio console does, so that one log and one watcher see both.
    case '-chardev':
      return [[name, `${value},mux=on`]];
    default:
      return [value === '' ? [name] : [name, value]];
  }
}

/** A word with a dash is an option, and one without it the value of the option before. */
function readOptions(words: readonly string[]): Option[] {
  const options: Option[] = [];
  for (const word of words) {
    const last = options.at(-1);
    if (word.startsWith('-') || last === undefined) options.push([word]);
    else options[options.length - 1] = [last[0], word];
  }
  return options;
}

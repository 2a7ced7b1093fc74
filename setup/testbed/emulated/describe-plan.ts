/** A plan as text: what runs where, with what, in order. */
import { type Cell, type Level, levelName } from '../../../fixtures/matrix.ts';
import { softwareAt } from '../../../fixtures/software.ts';
import { textTable } from '../../lib/text-table.ts';
import { DVH_DIRECTORY } from '../../stack/dvh-knobs.ts';
import { assignCommands } from '../../stack/network.ts';
import { commandLineOf, DVH_PARAMETER } from '../../stack/kernel-command-line.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { qemuOptions } from '../../stack/qemu-argv.ts';
import type { StackPlan } from './stack-plan.ts';

export function describePlan(plan: StackPlan): string {
  const { cell, levels, client } = plan;
  const [server, ...guests] = levels;
  // In the order in which they start. The client boots at the same time as L1.
  const machines = [server, client, ...guests];
  return [
    `${cell.name}: ${cell.configuration} at ${levelName(cell.level)}, ${machines.length} machines`,
    '',
    ...table([
      ['machine', 'runs on', 'accelerator', 'CPUs', 'memory', 'address', 'pinned (vCPU to CPU)'],
      ...machines.map((machine): string[] => [
        machine.name,
        machine.runsOn,
        machine.accelerator,
        String(machine.cpus),
        `${machine.memoryMiB} MiB`,
        machine.address,
        machine.pins.map(({ vcpu, cpu }) => `${vcpu} to ${cpu}`).join(', ') || '-',
      ]),
    ]),
    '',
    "The paper's software for this cell (the emulated testbed runs Debian's kernel and QEMU instead):",
    ...table([
      ['level', 'kernel', 'parameters', 'QEMU'],
      ...levels.map(({ level }) => softwareRow(cell, level)),
    ]),
    ...machines.flatMap((machine, index) => describeMachine(machine, index + 1)),
    '',
    'Ready to run experiments!',
  ].join('\n');
}

function softwareRow(cell: Cell, level: Level): string[] {
  const { kernel, parameters, qemu } = softwareAt(cell, level);
  return [levelName(level), kernel, parameters.join(' ') || '-', qemu ?? '-'];
}

/** One of the machines that QEMU creates, in the order in which they start. */
export function describeMachine(machine: MachinePlan, step: number): string[] {
  const { name, runsOn, qemu, pins, network, dvhMask, dvhKnobs } = machine;
  const { nic, assigns } = network;
  return [
    '',
    `${step}. ${name}, on ${runsOn}`,
    `   start, stopped before its first instruction:`,
    `     ${qemu.program}`,
    ...optionsOf(machine).map((option) => `     ${option}`),
    `   kernel command line:`,
    `     ${commandLineOf(machine.kernelParameters)}`,
    `   then: QMP on ${qemu.qmpSocket}, console on ${qemu.consoleSocket}`,
    ...pins.map(
      ({ vcpu, cpu }) => `   taskset --cpu-list --pid ${cpu} <thread of vCPU ${vcpu}, from query-cpus-fast>`,
    ),
    `   cont; SSH to ${machine.address} from ${machine.sshFrom}, within ${machine.deadlineSeconds} s of the start`,
    `   check: kernel, command line, CPUs, memory, clock source, no swap, accelerator${machine.runsGuests ? `, /dev/kvm, nesting ${machine.nested ? 'on' : 'off'}` : ''}`,
    `   check: ${machine.address} is owned by ${nic.mac}, driver ${nic.driver}, at ${nic.pciAddress}${nic.kind === 'assigned' ? ', assigned to it, and it has no other NIC' : ''}`,
    ...(machine.runsOn === 'host'
      ? []
      : [`   check: KVM on ${machine.runsOn} traps ${machine.virtualIdle ? 'no' : 'its'} HLT`]),
    ...(dvhMask === undefined ? [] : [`   check: ${DVH_PARAMETER} is ${dvhMask}`]),
    ...Object.entries(dvhKnobs ?? {}).map(([knob, value]) => `   ${DVH_DIRECTORY}/${knob} = ${value}`),
    ...(assigns === undefined ? [] : assignCommands(assigns).map((argv) => `   ${argv.join(' ')}`)),
  ];
}

/** One option with its value per line. The kernel command line is below and not repeated. */
function optionsOf(machine: MachinePlan): string[] {
  const kernelParameters = [{ text: '<kernel command line>', from: 'machine' } as const];
  return qemuOptions({ ...machine, kernelParameters }).map((option) => option.join(' '));
}

function table(rows: readonly (readonly string[])[]): string[] {
  return textTable(rows).map((line) => `  ${line}`);
}

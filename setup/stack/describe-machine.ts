/** The plan of a machine that QEMU creates, as text. */
import { SYSTEM_SERVICES } from '../../fixtures/benchmarks/index.ts';
import { idlingOf } from './assign.ts';
import { mountCommands } from './data-disk.ts';
import { DVH_DIRECTORY } from './dvh-knobs.ts';
import { TOOLS_PORT, TOOLS_ROOT } from './enter-image.ts';
import { commandLineOf, DVH_PARAMETER } from './kernel-command-line.ts';
import type { MachinePlan } from './machine-plan.ts';
import { assignCommands } from './network.ts';
import { asksForPosting } from './posted-interrupts.ts';
import { qemuOptions } from './qemu-argv.ts';

/**
 * @param step its place in the order in which the machines start.
 * @param below the machine that it runs on, if that is planned too.
 */
export function describeMachine(
  machine: MachinePlan,
  step: number,
  below: Pick<MachinePlan, 'dvhMask'> = {},
): string[] {
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
    ...(machine.own === undefined ? [] : ownSteps(machine.own)),
    `   check: kernel, command line, CPUs, memory, clock source, no swap, accelerator${machine.runsGuests ? `, /dev/kvm, nesting ${machine.nested ? 'on' : 'off'}` : ''}`,
    `   check: ${machine.address} is owned by ${nic.mac}, driver ${nic.driver}, at ${nic.pciAddress}${nic.kind === 'assigned' ? ', assigned to it, and it has no other NIC' : ''}`,
    ...(asksForPosting(qemu) ? [`   check: its vIOMMU posts interrupts`] : []),
    ...(machine.runsOn === 'host'
      ? []
      : [`   check: KVM on ${machine.runsOn} ${IDLING[idlingOf(below, machine)]}`]),
    ...(machine.dataDevice === undefined || machine.dataDirectory === undefined
      ? []
      : mountCommands(machine.dataDevice, machine.dataDirectory).map((argv) => `   ${argv.join(' ')}`)),
    ...(dvhMask === undefined ? [] : [`   check: ${DVH_PARAMETER} is ${dvhMask}`]),
    ...machineSteps(dvhKnobs, assigns),
  ];
}

/** With DVH any number is right: the proof of each run shows that HLTs reach L0 (setup/measure/dvh-proof.ts). */
const IDLING: Readonly<Record<ReturnType<typeof idlingOf>, string>> = {
  trapped: 'traps its HLT',
  passed: 'traps no HLT',
  'passed if alone': 'counts the HLT that it traps, which it does while it has other tasks',
};

/** How a level that boots a disk image of the user's gets nestbench's programs. */
function ownSteps({ file, bytes, key, disks }: NonNullable<MachinePlan['own']>): string[] {
  return [
    `   it boots ${file} (${bytes} bytes), and what it writes there is dropped at its end`,
    `   as root with ${key}: swap off, ${SYSTEM_SERVICES.join(', ')} stopped`,
    `   as root with ${key}: ${disks.image} with an overlay mounted as ${TOOLS_ROOT}, keys and programs from ${disks.seed}`,
    `   from then on: SSH to port ${TOOLS_PORT}, whose commands have ${TOOLS_ROOT} as their root`,
  ];
}

/** What a level does before it starts the next. */
export function machineSteps(
  dvhKnobs: MachinePlan['dvhKnobs'],
  assigns: MachinePlan['network']['assigns'],
): string[] {
  return [
    ...Object.entries(dvhKnobs ?? {}).map(([knob, value]) => `   ${DVH_DIRECTORY}/${knob} = ${value}`),
    ...(assigns === undefined ? [] : assignCommands(assigns).map((argv) => `   ${argv.join(' ')}`)),
  ];
}

/** One option with its value per line. The kernel command line is below and not repeated. */
function optionsOf(machine: MachinePlan): string[] {
  const kernelParameters = [{ text: '<kernel command line>', from: 'machine' } as const];
  return qemuOptions({ ...machine, kernelParameters }).map((option) => option.join(' '));
}

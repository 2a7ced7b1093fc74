/** QEMU's argument vector, made from a machine's plan. */
import { commandLineOf } from './kernel-command-line.ts';
import type { MachinePlan } from './machine-plan.ts';
import type { Cpu, Part, Properties, Typed } from './qemu-plan.ts';

type Planned = Pick<MachinePlan, 'cpus' | 'memoryMiB' | 'kernelParameters' | 'qemu'>;

export function qemuArgv(machine: Planned): string[] {
  return [machine.qemu.program, ...qemuOptions(machine).flat()];
}

/** Each option with its value, if it has one. */
export function qemuOptions({ cpus, memoryMiB, kernelParameters, qemu }: Planned): string[][] {
  const { firmware, icountShift, dvh, pidFile, serial, incoming } = qemu;
  return [
    ['-M', words(qemu.machine)],
    ...(qemu.noHpet === true ? [['-no-hpet']] : []),
    ...(firmware === undefined ? [] : [['-bios', firmware]]),
    ['-accel', words(qemu.accelerator)],
    ...(icountShift === undefined ? [] : [['-icount', `shift=${icountShift}`]]),
    ['-cpu', cpuOption(qemu.cpu)],
    ...(qemu.passesHalts === true ? [['-overcommit', 'cpu-pm=on']] : []),
    ...(dvh === undefined ? [] : [['-dvh', pairs(dvh).join(',')]]),
    ['-smp', String(cpus)],
    ['-m', `${memoryMiB}M`],
    ...(qemu.isBare ? [['-nodefaults'], ['-no-user-config']] : []),
    ['-display', 'none'],
    ['-no-reboot'],
    // Stopped until its vCPUs are pinned and its console is connected.
    ['-S'],
    ['-kernel', qemu.kernel],
    ['-append', commandLineOf(kernelParameters)],
    ...qemu.devices.map(partOption),
    ['-qmp', words({ type: `unix:${qemu.qmpSocket}`, properties: LISTENS })],
    ...qemu.network.map(partOption),
    ...(pidFile === undefined ? [] : [['-pidfile', pidFile]]),
    ...(qemu.daemonizes === true ? [['-daemonize']] : []),
    ...(serial === undefined ? [] : [['-serial', `chardev:${serial}`]]),
    ...(incoming?.startsWith('file:') === true ? [['-global', 'migration.mapped-ram=on']] : []),
    ...(incoming === undefined ? [] : [['-incoming', incoming]]),
  ];
}

/** A socket on which QEMU listens, without waiting for a connection. */
export const LISTENS: Properties = { server: 'on', wait: 'off' };

export function cpuOption({ model, features }: Cpu): string {
  return [model, ...features].join(',');
}

function partOption({ option, ...part }: Part): string[] {
  return [`-${option}`, words(part)];
}

function words({ type, properties = {} }: Partial<Typed>): string {
  return [...(type === undefined ? [] : [escaped(type)]), ...pairs(properties)].join(',');
}

function pairs(properties: Properties): string[] {
  return Object.entries(properties).map(([name, value]) => `${name}=${escaped(value)}`);
}

/** QEMU takes two commas for one that does not end the value (get_opt_value, util/qemu-option.c). */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}

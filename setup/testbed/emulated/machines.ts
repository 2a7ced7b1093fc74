/** The server and the client of the emulated testbed: two QEMU machines of this host, on a private wire. */
import type { Duplex } from 'node:stream';
import type { MachineName } from '../../../fixtures/addresses.ts';
import { hostMachine } from '../../machine/host.ts';
import { BootError } from '../../lib/errors.ts';
import { spawnQemu } from '../../machine/qemu/qemu-process.ts';
import type { Qmp } from '../../machine/qemu/qmp.ts';
import type { LaunchedQemu } from '../../stack/attach.ts';
import { type BootedMachine, bootMachine, type BootOptions } from '../../stack/machine-boot.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { qemuArgv } from '../../stack/qemu-argv.ts';

/** What a machine of the host needs from its stack. */
export interface OnHost {
  readonly runtime: string;
  readonly logs: string;
  readonly signal: AbortSignal;
  /** Called with a function that ends the machine, as soon as there is something to end. */
  readonly defer: (end: () => PromiseLike<void>) => void;
}

/** Boots a machine that this host emulates. The caller ends its QEMU, through `defer`. */
export function bootOnHost(
  plan: MachinePlan,
  options: Omit<BootOptions, 'below' | 'launch' | 'openSsh'> & OnHost,
): Promise<BootedMachine> {
  return bootMachine(plan, {
    ...options,
    below: hostMachine(),
    launch: () => spawnOnHost(plan, options),
    openSsh: (qmp) => openForward(plan, qmp),
  });
}

/** Where the output of a machine's QEMU is kept. */
export function qemuLogFile(logs: string, machine: MachineName): string {
  return `${logs}/qemu-${machine}.log`;
}

/** Starts the QEMU of a machine of the host. */
export async function spawnOnHost(plan: MachinePlan, options: OnHost): Promise<LaunchedQemu> {
  const qemu = await spawnQemu({
    argv: qemuArgv(plan),
    pidFile: `${options.runtime}/${plan.name}.pid`,
    logFile: qemuLogFile(options.logs, plan.name),
    // Not the boot's signal: its abort ends the wait, and `defer` ends the machine.
    signal: new AbortController().signal,
  });
  options.defer(() => qemu[Symbol.asyncDispose]());
  options.signal.throwIfAborted();
  return { exited: qemu.exited.then(({ stderr, ...how }) => ({ ...how, said: stderr })) };
}

/** Returns a function that opens a stream to the sshd of a machine of the host. */
export async function openForward(
  plan: MachinePlan,
  qmp: Qmp,
): Promise<(signal: AbortSignal) => Promise<Duplex>> {
  const port = await forwardedPort(plan, qmp);
  // Not net.connect with a signal: a later abort would cut the connection that ends things in order.
  return (signal) => hostMachine().connect('127.0.0.1', port, signal);
}

/** The port on 127.0.0.1 that the kernel selected for the forward to this machine's sshd. */
async function forwardedPort(plan: MachinePlan, qmp: Qmp): Promise<number> {
  const text = await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' });
  const port = parseForward(text);
  if (port !== undefined) return port;
  throw new BootError({
    message: `QEMU does not forward SSH to ${plan.name}: "info usernet" shows no forward of a port on 127.0.0.1.`,
    machine: plan.name,
    output: text,
  });
}

/** Finds the forward's port in the output of `info usernet`. */
export function parseForward(usernet: string): number | undefined {
  const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s/.exec(usernet)?.[1];
  return port === undefined ? undefined : Number(port);
}

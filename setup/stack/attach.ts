/**
 * The connections to one machine of a stack: to its QEMU's QMP, its console and its sshd; and what it means when one
 * ends.
 */
import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { MachineName } from '../../fixtures/addresses.ts';
import { both } from '../lib/both.ts';
import { AnnotatedError, type NestbenchError } from '../lib/errors.ts';
import { Console } from '../machine/console.ts';
import type { Machine } from '../machine/machine.ts';
import { ConnectionError } from '../machine/machine-errors.ts';
import { connectQmp, type Qmp } from '../machine/qemu/qmp.ts';
import { openSocketOnceThere } from '../machine/socket.ts';
import { connectSsh, type SshMachine } from '../machine/ssh/ssh.ts';
import type { Keys } from './keys.ts';
import type { MachinePlan } from './machine-plan.ts';
import { GuestDiedError, type QemuEnd } from './qemu-end.ts';

/** Lines of a console that an error includes. */
export const CONSOLE_LINES = 25;

/** A QEMU that was started, stopped before its guest's first instruction. */
export interface LaunchedQemu {
  /** Resolves when it ends, for any reason. Never rejects. Without it, the end of its QMP connection shows it. */
  readonly exited?: Promise<QemuEnd>;
}

export interface AttachOptions {
  /** The machine that runs its QEMU. */
  readonly below: Machine;
  /** Where its console is kept. */
  readonly logs: string;
  /** Ends the connect. */
  readonly signal: AbortSignal;
  /** Whether it continues from a snapshot. */
  readonly goesOn?: boolean | undefined;
  /** Called whenever the machine panics, dies or is lost, during the boot or later; aborts `signal`. */
  readonly onFailure: (error: NestbenchError) => void;
}

/** A machine's QMP and console. From now on, failures of either are reported to `onFailure`. */
export interface Attached {
  readonly qmp: Qmp;
  readonly console: Console;
}

/**
 * Connects to the QMP and the console of a QEMU that runs on `below`, whose guest is stopped or has long been running.
 */
export async function attach(
  plan: MachinePlan,
  { exited }: LaunchedQemu,
  options: AttachOptions,
): Promise<Attached> {
  const { below, logs, signal, onFailure: report } = options;
  let console: Console | undefined;
  const died = (end: QemuEnd): NestbenchError =>
    new GuestDiedError({ plan, end, console: console?.tail(CONSOLE_LINES) });
  const watch = (ended: Promise<QemuEnd>): void => void ended.then((end) => report(died(end)));
  if (exited !== undefined) watch(exited);
  const openQmp = async (): Promise<Qmp> => {
    const stream = await openWhenThere(below, plan.qemu.qmpSocket, plan, signal);
    const opened = await connectQmp(stream, {
      machine: plan.name,
      signal,
      deadlineSeconds: plan.deadlineSeconds,
    }).catch((thrown: unknown) => {
      const isEnd = exited === undefined && thrown instanceof ConnectionError;
      throw isEnd ? died({}) : thrown;
    });
    if (exited === undefined) watch(opened.closed.then(() => ({})));
    return opened;
  };
  const openConsole = async (): Promise<Console> => {
    const opened = new Console(await openWhenThere(below, plan.qemu.consoleSocket, plan, signal), {
      machine: plan.name,
      file: consoleFile(logs, plan.name),
      goesOn: options.goesOn,
    });
    console = opened;
    void opened.panicked.then((reason) => report(opened.panicError(reason)));
    return opened;
  };
  // Concurrently, because each takes several round trips to a possibly deep level.
  const [qmp, guestConsole] = await both(openQmp(), openConsole());
  return { qmp, console: guestConsole };
}

/** Where a machine's console is kept. */
export function consoleFile(logs: string, machine: MachineName): string {
  return path.join(logs, `console-${machine}.log`);
}

/** Connects to a machine's sshd. A connection that is lost later is reported to `onFailure`. */
export async function reach(
  plan: MachinePlan,
  options: Pick<AttachOptions, 'signal' | 'onFailure'> & {
    readonly open: (signal: AbortSignal) => Promise<Duplex>;
    readonly keys: Keys;
    /** Its console, once there is one. */
    readonly console: () => Console | undefined;
  },
): Promise<SshMachine> {
  const { open, keys, console, signal, onFailure } = options;
  const machine = await connectSsh({
    name: plan.name,
    open,
    username: 'root',
    privateKey: keys.privateKey,
    hostKey: keys.hosts[plan.name].publicKey,
    signal,
    deadlineSeconds: plan.deadlineSeconds,
  });
  void machine.lost.then((error) => onFailure(lost(error, console())));
  return machine;
}

function openWhenThere(
  below: Machine,
  socket: string,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<Duplex> {
  const what = `the socket ${socket} of the QEMU for ${plan.name}`;
  return openSocketOnceThere(below, socket, what, { deadlineSeconds: plan.deadlineSeconds, signal });
}

/** If nothing else shows why a machine is lost, its console may. */
function lost(error: NestbenchError, console: Console | undefined): NestbenchError {
  if (console === undefined) return error;
  return new AnnotatedError(error, { output: console.tail(CONSOLE_LINES) });
}

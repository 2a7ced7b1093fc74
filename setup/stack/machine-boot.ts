/**
 * Boots one machine of a plan, wherever its QEMU runs: connects to its QMP and its console while it is stopped, pins
 * its vCPUs, lets it go, reaches it over SSH and checks that what was asked is what runs.
 */
import type { Duplex } from 'node:stream';
import path from 'node:path';
import type { LevelFacts } from '../../fixtures/records.ts';
import { NestbenchError, toNestbenchError } from '../errors.ts';
import { Console } from '../machine/console.ts';
import type { Machine } from '../machine/machine.ts';
import { openSocketOnceThere } from '../machine/socket.ts';
import { connectQmp, type Qmp } from '../machine/qmp.ts';
import { connectSsh, type SshMachine } from '../machine/ssh.ts';
import type { Keys } from '../testbed/keys.ts';
import { checkFacts, type FactsCheck, readFacts } from './facts.ts';
import { Phases } from './phases.ts';
import { readModuleParameters } from './module-parameters.ts';
import type { MachinePlan } from './plan.ts';

/** A QEMU that was started, stopped before its guest's first instruction. */
export interface LaunchedQemu {
  /** Resolves with what it said when it ends, whyever. Never rejects. Without it, the end of its QMP connection tells. */
  readonly exited?: Promise<string>;
}

export interface BootOptions {
  /** The machine that runs its QEMU. */
  readonly below: Machine;
  /** Starts its QEMU there. */
  readonly launch: (signal: AbortSignal) => Promise<LaunchedQemu>;
  /** Opens a stream to its sshd, once its QEMU runs. */
  readonly openSsh: (qmp: Qmp) => Promise<(signal: AbortSignal) => Promise<Duplex>>;
  readonly keys: Keys;
  /** The kernel release that must come up. */
  readonly kernelRelease: string;
  /** What must be true of it once it is up; all that was planned, unless told otherwise. */
  readonly check?: FactsCheck;
  /** Where its console is kept. */
  readonly logs: string;
  /** Ends the boot. */
  readonly signal: AbortSignal;
  /** Called whenever the machine panics, dies or is lost, be it during the boot or later; aborts `signal`. */
  readonly onTrouble: (error: NestbenchError) => void;
}

/** A machine that is up and was checked. */
export interface BootedMachine {
  readonly plan: MachinePlan;
  readonly machine: SshMachine;
  readonly qmp: Qmp;
  readonly console: Console;
  readonly facts: LevelFacts;
  readonly phases: Phases;
}

const CONSOLE_LINES = 25;

/**
 * @throws NESTBENCH_GUEST_PANICKED, NESTBENCH_GUEST_DIED, NESTBENCH_GUEST_HUNG (no SSH within the deadline, with what
 * its console last said), NESTBENCH_CHECK_FAILED, or what the machine below throws.
 */
export async function bootMachine(plan: MachinePlan, options: BootOptions): Promise<BootedMachine> {
  const { below, keys, signal, onTrouble: report } = options;
  const phases = new Phases();
  const deadline = { signal, deadlineSeconds: plan.deadlineSeconds };
  let console: Console | undefined;

  try {
    const launched = await options.launch(signal);
    const watch = (exited: Promise<string>): void =>
      void exited.then((said) => report(died(plan, said, console)));
    if (launched.exited !== undefined) watch(launched.exited);
    const qmp = await connectQmp(await openWhenThere(below, plan.qemu.qmpSocket, plan, signal), {
      machine: plan.name,
      ...deadline,
    });
    if (launched.exited === undefined) watch(qmp.closed.then(() => ''));
    const guestConsole = new Console(await openWhenThere(below, plan.qemu.consoleSocket, plan, signal), {
      machine: plan.name,
      file: path.join(options.logs, `console-${plan.name}.log`),
    });
    console = guestConsole;
    void guestConsole.panicked.then((reason) => report(guestConsole.panicError(reason)));
    const pinned = await pin(plan, qmp, below, signal);
    phases.lap(`${plan.name}: QEMU`);

    await qmp.execute('cont');
    // sshd is tried only once init says that it runs: an attempt costs the slow guest more than a look at its console.
    await guestConsole.seen('nestbench: userspace', deadline);
    phases.lap(`${plan.name}: kernel`);
    await guestConsole.seen(`nestbench: ${plan.name} up`, deadline);
    phases.lap(`${plan.name}: init`);

    const machine = await connectSsh({
      name: plan.name,
      open: await options.openSsh(qmp),
      username: 'root',
      privateKey: keys.privateKey,
      hostKey: keys.hosts[plan.name].publicKey,
      ...deadline,
    });
    void machine.lost.then((error) => report(lost(error, guestConsole)));
    phases.lap(`${plan.name}: SSH`);

    const facts = await readFacts(plan, machine, qmp, pinned, signal);
    (options.check ?? checkFacts)(plan, facts, options.kernelRelease);
    const moduleParameters = await readModuleParameters(plan, machine, signal);
    phases.lap(`${plan.name}: checks`);
    return {
      plan,
      machine,
      qmp,
      console: guestConsole,
      facts: { ...facts.record, ...moduleParameters },
      phases,
    };
  } catch (error) {
    throw explain(plan, error, console);
  }
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

/** Pins the vCPU threads as planned, while the guest has not run an instruction. */
async function pin(
  plan: MachinePlan,
  qmp: Qmp,
  below: Machine,
  signal: AbortSignal,
): Promise<LevelFacts['pinned']> {
  if (plan.pins.length === 0) return [];
  const threads = new Map(
    (await qmp.execute('query-cpus-fast')).map((cpu) => [cpu['cpu-index'], cpu['thread-id']]),
  );
  const pinned: LevelFacts['pinned'] = [];
  for (const { vcpu, cpu } of plan.pins) {
    const thread = threads.get(vcpu);
    if (thread === undefined) {
      throw new NestbenchError(
        'NESTBENCH_CHECK_FAILED',
        'infrastructure',
        `QEMU for ${plan.name} on ${below.name} has no vCPU ${vcpu}: it reports ${threads.size}, planned were ${plan.cpus}.`,
        { machine: plan.name },
      );
    }
    await below.check(['taskset', '--cpu-list', '--pid', String(cpu), String(thread)], {
      signal,
      deadlineSeconds: plan.deadlineSeconds,
    });
    pinned.push({ vcpu, thread, cpu });
  }
  return pinned;
}

export function died(plan: MachinePlan, said: string, console: Console | undefined): NestbenchError {
  const words = said.trim() === '' ? 'It said nothing.' : `It said: ${said.trim()}`;
  return new NestbenchError(
    'NESTBENCH_GUEST_DIED',
    'infrastructure',
    `The QEMU that runs ${plan.name} on ${plan.runsOn} ended. ${words}`,
    { machine: plan.name, output: console?.tail(CONSOLE_LINES) ?? said },
  );
}

/** Where nothing else tells why a machine is lost, its console may. */
function lost({ code, kind, message, facts }: NestbenchError, console: Console): NestbenchError {
  return new NestbenchError(code, kind, message, { ...facts, output: console.tail(CONSOLE_LINES) });
}

/** A deadline that passed while a guest booted is a guest that hung: says so, with the end of its console. */
function explain(plan: MachinePlan, thrown: unknown, console: Console | undefined): NestbenchError {
  const error = toNestbenchError(thrown);
  if (error.code !== 'NESTBENCH_DEADLINE') return error;
  const last = console?.lastOutputAt;
  const silence =
    last === undefined
      ? 'Its console stayed empty.'
      : `Its console last said something ${((Date.now() - last.getTime()) / 1000).toFixed(1)} s ago.`;
  return new NestbenchError(
    'NESTBENCH_GUEST_HUNG',
    'infrastructure',
    `${plan.name} did not come up on ${plan.runsOn}. ${error.message} ${silence}`,
    {
      machine: plan.name,
      seconds: plan.deadlineSeconds,
      ...(console === undefined ? {} : { output: console.tail(CONSOLE_LINES) }),
    },
    { cause: error },
  );
}

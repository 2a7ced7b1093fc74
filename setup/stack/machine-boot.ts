/**
 * Boots one machine of a plan, wherever its QEMU runs: connects to its QMP and its console while it is stopped, pins
 * its vCPUs, starts it, connects over SSH and checks that the planned machine is running.
 */
import type { Duplex } from 'node:stream';
import type { LevelFacts } from '../../fixtures/records.ts';
import { type NestbenchError, toNestbenchError } from '../lib/errors.ts';
import { GuestHungError } from './stack-errors.ts';
import type { Console } from '../machine/console.ts';
import type { Qmp } from '../machine/qemu/qmp.ts';
import type { SshMachine } from '../machine/ssh/ssh.ts';
import type { Keys } from './keys.ts';
import { attach, type AttachOptions, CONSOLE_LINES, type LaunchedQemu, reach } from './attach.ts';
import { enterImage } from './enter-image.ts';
import { readDvhMask } from './dvh-mask.ts';
import { checkFacts, type FactsCheck, readGuestFacts } from './facts.ts';
import { Phases } from '../lib/phase-clock.ts';
import { readModuleParameters } from './module-parameters.ts';
import type { MachineNeeds, MachinePlan } from './machine-plan.ts';
import { pin } from './pin.ts';

export interface BootOptions extends AttachOptions {
  /** Starts its QEMU there. */
  readonly launch: (signal: AbortSignal) => Promise<LaunchedQemu>;
  /** Opens a stream to its sshd, once its QEMU runs. */
  readonly openSsh: (qmp: Qmp) => Promise<(signal: AbortSignal) => Promise<Duplex>>;
  /** The same to the sshd of its own image, if it boots a disk image of the user's. */
  readonly openOwn?: (signal: AbortSignal) => Promise<Duplex>;
  readonly keys: Keys;
  /** The expected kernel release. */
  readonly kernelRelease: string;
  /** Checks the machine once it is up; by default everything that was planned. */
  readonly check?: FactsCheck;
}

/** A machine that is up and was checked. */
export interface UpMachine {
  readonly plan: MachineNeeds;
  readonly machine: SshMachine;
  readonly facts: LevelFacts;
  readonly phases: Phases;
}

/** One that QEMU created. */
export interface BootedMachine extends UpMachine {
  readonly plan: MachinePlan;
  readonly qmp: Qmp;
  readonly console: Console;
}

/**
 * @throws NESTBENCH_GUEST_PANICKED, NESTBENCH_GUEST_DIED, NESTBENCH_GUEST_HUNG (no SSH within the deadline, with what
 * its console last said), NESTBENCH_CHECK_FAILED, or what the machine below throws.
 */
export async function bootMachine(plan: MachinePlan, options: BootOptions): Promise<BootedMachine> {
  const { below, signal } = options;
  const phases = new Phases();
  const deadline = { signal, deadlineSeconds: plan.deadlineSeconds };
  let console: Console | undefined;

  try {
    const launched = await options.launch(signal);
    const attached = await attach(plan, launched, options);
    const { qmp } = attached;
    console = attached.console;
    const pinned = await pin(plan, qmp, below, signal);
    phases.lap(`${plan.name}: QEMU`);

    await qmp.execute('cont');
    if (plan.own === undefined || options.openOwn === undefined) {
      // Only try sshd once init reports that it runs: an attempt costs the slow guest more than reading its console.
      await console.seen('nestbench: userspace', deadline);
      phases.lap(`${plan.name}: kernel`);
      await console.seen(`nestbench: ${plan.name} up`, deadline);
      phases.lap(`${plan.name}: init`);
    } else {
      await enterImage(plan, plan.own, { openOwn: options.openOwn, phases, signal });
    }

    const open = await options.openSsh(qmp);
    const machine = await reach(plan, { ...options, open, console: () => attached.console });
    phases.lap(`${plan.name}: SSH`);

    const facts = await readGuestFacts(plan, machine, qmp, pinned, signal);
    (options.check ?? checkFacts)(plan, facts, plan.kernelRelease ?? options.kernelRelease);
    const moduleParameters = await readModuleParameters(plan, machine, signal);
    const dvhMask = await readDvhMask(plan, machine, signal);
    phases.lap(`${plan.name}: checks`);
    return {
      plan,
      machine,
      qmp,
      console,
      facts: { ...facts.record, ...moduleParameters, ...dvhMask, ...bootedImage(plan) },
      phases,
    };
  } catch (error) {
    throw explain(plan, error, console);
  }
}

function bootedImage({ own }: MachinePlan): Pick<LevelFacts, 'diskImage'> {
  if (own === undefined) return {};
  const { file, bytes, sha256 } = own;
  return { diskImage: { file, bytes, ...(sha256 !== undefined && { sha256 }) } };
}

/** A deadline that passed while a guest booted means that the guest hung: reports that, with the end of its console. */
function explain(plan: MachinePlan, thrown: unknown, console: Console | undefined): NestbenchError {
  const error = toNestbenchError(thrown);
  if (error.code !== 'NESTBENCH_DEADLINE') return error;
  const last = console?.lastOutputAt;
  const silence =
    last === undefined
      ? 'Its console stayed empty.'
      : `Its console last said something ${((Date.now() - last.getTime()) / 1000).toFixed(1)} s ago.`;
  return new GuestHungError({
    message: `${plan.name} did not come up on ${plan.runsOn}. ${error.message} ${silence}`,
    machine: plan.name,
    seconds: plan.deadlineSeconds,
    output: console?.tail(CONSOLE_LINES),
    cause: error,
  });
}

/** The guests of a stack, each booted inside the one below it: the same on every testbed. */
import { levelName } from '../../fixtures/matrix.ts';
import { type NestbenchError, UnsuitableError } from '../lib/errors.ts';
import type { Machine } from '../machine/machine.ts';
import type { Keys } from './keys.ts';
import { mountDataDisk } from './data-disk.ts';
import { setDvhKnobs } from './dvh-knobs.ts';
import type { FactsCheck } from './facts.ts';
import { checkIdle, assignDevice } from './assign.ts';
import { bootMachine, type BootOptions, type UpMachine } from './machine-boot.ts';
import { EXPECTED_SECONDS, type MachinePlan } from './machine-plan.ts';
import { TOOLS_PORT } from './enter-image.ts';
import { checkPostedInterrupts } from './posted-interrupts.ts';
import { GuestDiedError } from './qemu-end.ts';
import { qemuArgv } from './qemu-argv.ts';
import type { BringUp } from './running.ts';

export interface GuestOptions {
  /** The kernel release that every guest must run. */
  readonly kernelRelease: string;
  /** Checks every machine once it is up; by default everything that was planned. */
  readonly check?: FactsCheck;
}

/**
 * Boots the guests of `server`, one inside the other.
 * @returns all levels, L0 first.
 * @throws NestbenchError with the level that failed, like `bootMachine`.
 */
export async function bootGuests(
  server: UpMachine,
  plans: readonly MachinePlan[],
  options: GuestOptions & BringUp & { readonly keys: Keys },
): Promise<[UpMachine, ...UpMachine[]]> {
  const { signal, onStep } = options;
  const levels: [UpMachine, ...UpMachine[]] = [server];
  for (const [index, plan] of plans.entries()) {
    onStep?.(`booting ${levelName(plan.level)}`, expectedSeconds(plans.slice(index)));
    const below = await assignDevice(await setDvhKnobs(levels.at(-1) ?? server, signal), signal);
    const booted = await bootGuest(plan, below.machine, server.machine, options);
    const guest = await mountDataDisk(await checkPostedInterrupts(booted, plan, signal), signal);
    levels[levels.length - 1] = await checkIdle(below, guest, signal);
    levels.push(guest);
  }
  return levels;
}

/** How long these machines take to come up, one after the other. */
export function expectedSeconds(plans: readonly Pick<MachinePlan, 'level'>[]): number {
  return plans.reduce((sum, { level }) => sum + EXPECTED_SECONDS[level], 0);
}

const SSH_PORT = 22;

/** Boots a level inside the one below it. It ends with the server, whose memory contains it. */
function bootGuest(
  plan: MachinePlan,
  below: Machine,
  server: Machine,
  options: Omit<BootOptions, 'below' | 'launch' | 'openSsh' | 'openOwn'>,
): Promise<UpMachine> {
  return bootMachine(plan, {
    ...options,
    below,
    launch: async (signal) => {
      const { deadlineSeconds } = plan;
      const qemu = await below.run(qemuArgv(plan), { signal, deadlineSeconds });
      const said = `${qemu.stdout}${qemu.stderr}`.trim();
      if (qemu.exitCode !== 0) throw new GuestDiedError({ plan, end: { ...qemu, said } });
      if (said !== '' && plan.qemu.dvh !== undefined) throw notEnabled(plan, said);
      return {};
    },
    openSsh: async () => (signal) =>
      server.connect(plan.address, plan.own === undefined ? SSH_PORT : TOOLS_PORT, signal),
    openOwn: (signal) => server.connect(plan.address, SSH_PORT, signal),
  });
}

/** A DVH QEMU prints what it cannot enable, and starts the guest without it: a guest of another configuration. */
function notEnabled({ name, runsOn }: MachinePlan, said: string): NestbenchError {
  return new UnsuitableError({
    message: `The DVH QEMU on ${runsOn} started ${name} without all requested features, so nothing is measured on it. It printed: ${said}`,
    machine: runsOn,
    output: said,
  });
}

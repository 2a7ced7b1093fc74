/** Brings up the stack of a cell on a physical testbed: prepares its two machines, then boots the guests inside. */
import { both } from '../../lib/both.ts';
import { reasonOf } from '../../lib/error-text.ts';
import { connectOpenssh } from '../../machine/ssh/openssh.ts';
import type { SshMachine } from '../../machine/ssh/ssh.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { consoleFile } from '../../stack/attach.ts';
import { readDataDisk } from '../../stack/data-disk.ts';
import { TOOLS_ROOT } from '../../stack/enter-image.ts';
import { bootGuests, type GuestOptions } from '../../stack/guests.ts';
import type { UpMachine } from '../../stack/machine-boot.ts';
import { Phases } from '../../lib/phase-clock.ts';
import { bringUp, type BringUp, type RunningStack, type StackOptions } from '../../stack/running.ts';
import { makeKeys, seedFile } from '../../stack/keys.ts';
import { makeDataDisks } from './data-disks.ts';
import { readPhysicalFacts } from './server-facts.ts';
import { holdMachine } from './hold.ts';
import { limitMemory } from './limit-memory.ts';
import type { PhysicalMachinePlan, PhysicalPlan } from './physical-plan.ts';
import { withQemuMemory } from './qemu-memory.ts';
import { readRunning } from './grub.ts';
import { ensureBoot, UP_SECONDS } from './reboot.ts';
import { SeenBoots } from './seen-boots.ts';
import { type DeployedImage, deployImage, deployOwnImages, setUp, tearDown } from './set-up.ts';
import { readTuning } from './tuning-facts.ts';

export interface BootPhysicalOptions extends StackOptions, GuestOptions {
  /** What guests boot from, and what runs on the two machines. */
  readonly image: DeployedImage;
}

/** Of this process, which boots the stack again if it is lost. */
const seenBoots = new SeenBoots();

/** For a last connection to a machine that was just lost. */
const RESTORE_SECONDS = 30;

/**
 * Resolves once the last level answers over SSH and every machine matches the plan. On failure and on abort both
 * machines are restored, except for the kernel that they run.
 * @throws NestbenchError with the machine that failed.
 */
export async function bootPhysical(plan: PhysicalPlan, options: BootPhysicalOptions): Promise<RunningStack> {
  const { stack } = await bringUp(plan, options, async (up) => {
    const { signal, explained } = up;
    const keys = await makeKeys(options.runtime, signal, plan.files);
    const common = { ...options, ...up, keys, cell: plan.cell };
    // Both first: a direct cable has no link while one of the machines is down.
    const [ownServer, ownClient] = await both(
      explained(makeReady(plan.server, common)),
      explained(makeReady(plan.client, common)),
    );
    const [server, client] = await both(
      explained(enter(ownServer, common)),
      explained(enter(ownClient, common)),
    );
    const levels = await explained(bootGuests(server, plan.guests, common));
    return { client, levels: await explained(withQemuMemory(levels, signal)) };
  });
  return stack;
}

type MachineOptions = BringUp &
  Pick<BootPhysicalOptions, 'image' | 'runtime' | 'logs'> &
  Pick<PhysicalPlan, 'cell'>;

/** A machine that runs the cell's kernel, with a connection to it. */
interface Ready {
  readonly plan: PhysicalMachinePlan;
  readonly machine: SshMachine;
  readonly phases: Phases;
}

/** Cleans up after killed runs, reboots it if necessary, and copies the image to it. */
async function makeReady(plan: PhysicalMachinePlan, options: MachineOptions): Promise<Ready> {
  const { target, name } = plan;
  const { signal, defer, onStep, image, cell } = options;
  const phases = new Phases();
  let machine = await connect(plan, UP_SECONDS, signal);
  defer(() => machine[Symbol.asyncDispose]());
  let hold = await holdMachine(name, target, signal);
  defer(() => hold[Symbol.asyncDispose]());
  for (const ended of await tearDown(machine, signal)) {
    const text = `Ended ${ended} on ${name}, left behind by a run that was killed.`;
    reportProgress({ task: name, text, state: 'running', lasting: true });
  }
  if (seenBoots.isKnown(name)) {
    const { bootId } = await readRunning(machine, signal);
    const text = seenBoots.whatHappened(name, bootId);
    if (text !== undefined) reportProgress({ task: name, text, state: 'running', lasting: true });
  }
  phases.lap(`${name}: SSH`);
  const booted = await ensureBoot(machine, plan.boot, {
    target,
    signal,
    ...(onStep && { onStep }),
    console: plan.console && { argv: plan.console, file: consoleFile(options.logs, name) },
  });
  seenBoots.note(name, booted.running.bootId);
  if (booted.rebootSeconds !== undefined) {
    ({ machine } = booted);
    await hold[Symbol.asyncDispose]();
    hold = await holdMachine(name, target, signal);
    phases.lap(`${name}: reboot`);
  }
  await deployImage(machine, plan, image, { signal, onStep });
  await deployOwnImages(machine, plan, { signal, onStep });
  phases.lap(`${name}: image`);
  if (plan.dataDirectory !== undefined) {
    await makeDataDisks(machine, plan, cell, { signal, onStep });
    phases.lap(`${name}: data disks`);
  }
  return { plan, machine, phases };
}

/** Prepares it for the cell, and connects to nestbench's root directory on it. */
async function enter({ plan, machine, phases }: Ready, options: MachineOptions): Promise<UpMachine> {
  const { name } = plan;
  const { signal, defer, image, onFailure, runtime } = options;
  // The other machine may have taken that long.
  phases.lap(`${name}: both ready`);
  defer(() => restore(plan, machine));
  await setUp(machine, plan, image, seedFile(runtime), signal);
  const memory = await limitMemory(machine, plan, signal);
  const inside = await connect(plan, UP_SECONDS, signal, TOOLS_ROOT);
  defer(() => inside[Symbol.asyncDispose]());
  void inside.lost.then(onFailure);
  phases.lap(`${name}: tools`);
  const facts = {
    ...(await readPhysicalFacts(plan, inside, signal)),
    ...(await readDataDisk(plan, inside, signal)),
    ...memory,
    tuning: await readTuning(machine, signal),
  };
  phases.lap(`${name}: checks`);
  return { plan, machine: inside, facts, phases };
}

function connect(
  { target, name }: PhysicalMachinePlan,
  deadlineSeconds: number,
  signal: AbortSignal,
  root?: string,
): Promise<SshMachine> {
  return connectOpenssh({ ...target, name, signal, deadlineSeconds, ...(root !== undefined && { root }) });
}

/**
 * Restores it whatever happened to the run, over the existing connection or a new one. Reports what can't be restored.
 */
async function restore(plan: PhysicalMachinePlan, machine: SshMachine): Promise<void> {
  const { signal } = new AbortController();
  try {
    await tearDown(machine, signal);
  } catch {
    try {
      await using again = await connect(plan, RESTORE_SECONDS, signal);
      await tearDown(again, signal);
    } catch (error) {
      const text = `${plan.name} could not be restored, so the next run there restores it first: ${reasonOf(error)}`;
      reportProgress({ task: plan.name, text, state: 'failed', lasting: true });
    }
  }
}

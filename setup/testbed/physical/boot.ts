/** Brings up the stack of a cell on a physical testbed: its two machines as they are to be, then the guests inside. */
import { NestbenchError } from '../../errors.ts';
import { connectOpenssh } from '../../machine/openssh.ts';
import type { SshMachine } from '../../machine/ssh.ts';
import { tell } from '../../progress.ts';
import { bootGuests, type GuestOptions } from '../../stack/guests.ts';
import type { UpMachine } from '../../stack/machine-boot.ts';
import { Phases } from '../../stack/phases.ts';
import { seedFile } from '../../stack/plan.ts';
import { both, bringUp, type BringUp, type RunningStack, type StackOptions } from '../../stack/running.ts';
import { makeKeys } from '../keys.ts';
import { readPhysicalFacts } from './facts.ts';
import { holdMachine } from './hold.ts';
import type { PhysicalMachinePlan, PhysicalPlan } from './plan.ts';
import { ensureBoot } from './reboot.ts';
import { type DeployedImage, deployImage, setUp, tearDown, TOOLS_ROOT } from './tools.ts';

export interface BootPhysicalOptions extends StackOptions, GuestOptions {
  /** What guests boot from, and what runs on the two machines. */
  readonly image: DeployedImage;
}

/** A last connection, to a machine that was just lost. */
const FAREWELL_SECONDS = 30;

/**
 * Resolves once the last level answers over SSH and every machine is what was planned. On failure and on abort both machines
 * are as they were, but for the kernel that they run.
 * @throws NestbenchError with the machine that failed.
 */
export async function bootPhysical(plan: PhysicalPlan, options: BootPhysicalOptions): Promise<RunningStack> {
  const { stack } = await bringUp(plan, options, async (up) => {
    const { signal, explained } = up;
    const keys = await makeKeys(options.runtime, signal, plan.files);
    const common = { ...options, ...up, keys };
    const [server, client] = await both(
      explained(bringMachine(plan.server, common)),
      explained(bringMachine(plan.client, common)),
    );
    return { client, levels: await explained(bootGuests(server, plan.guests, common)) };
  });
  return stack;
}

type MachineOptions = BringUp & Pick<BootPhysicalOptions, 'image' | 'runtime'>;

/** Boots it anew where it has to be, sweeps what a killed run left on it, and makes it one of the cell's. */
async function bringMachine(plan: PhysicalMachinePlan, options: MachineOptions): Promise<UpMachine> {
  const { target, name } = plan;
  const { signal, defer, onStep, image, onTrouble, runtime } = options;
  const phases = new Phases();
  const connect = (deadlineSeconds: number, within: AbortSignal, root?: string): Promise<SshMachine> =>
    connectOpenssh({ ...target, name, signal: within, deadlineSeconds, ...(root && { root }) });

  let hold = await holdMachine(name, target, signal);
  defer(() => hold[Symbol.asyncDispose]());
  // Of the machine itself; what is measured has another, into our root directory.
  let machine = await connect(plan.deadlineSeconds, signal);
  defer(() => machine[Symbol.asyncDispose]());
  for (const ended of await tearDown(machine, signal))
    tell({
      task: name,
      text: `Ended ${ended} on ${name}, left behind by a run that was killed.`,
      state: 'running',
      lasting: true,
    });
  phases.lap(`${name}: SSH`);
  const booted = await ensureBoot(machine, plan.boot, { target, signal, ...(onStep && { onStep }) });
  if (booted.rebootSeconds !== undefined) {
    ({ machine } = booted);
    await hold[Symbol.asyncDispose]();
    hold = await holdMachine(name, target, signal);
    phases.lap(`${name}: reboot`);
  }
  await deployImage(machine, plan, image, { signal, onStep });
  phases.lap(`${name}: image`);

  defer(() => putBack(name, machine, connect));
  await setUp(machine, plan, image, seedFile(runtime), signal);
  const inside = await connect(plan.deadlineSeconds, signal, TOOLS_ROOT);
  void inside.lost.then(onTrouble);
  phases.lap(`${name}: tools`);
  const facts = await readPhysicalFacts(plan, inside, signal);
  phases.lap(`${name}: checks`);
  return { plan, machine: inside, facts, phases };
}

/** Whatever became of the run: by the connection that there is, or by a new one. What can't be put back is told. */
async function putBack(
  name: string,
  machine: SshMachine,
  connect: (deadlineSeconds: number, signal: AbortSignal) => Promise<SshMachine>,
): Promise<void> {
  const { signal } = new AbortController();
  try {
    await tearDown(machine, signal);
  } catch {
    try {
      await using again = await connect(FAREWELL_SECONDS, signal);
      await tearDown(again, signal);
    } catch (error) {
      const why = error instanceof NestbenchError ? error.message : String(error);
      const text = `${name} could not be put back, which the next run there does first: ${why}`;
      tell({ task: name, text, state: 'failed', lasting: true });
    }
  }
}

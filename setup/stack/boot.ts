/** Boots the stack of a cell: the client and the server, then level by level inside the server. */
import { levelName } from '../../fixtures/matrix.ts';
import type { Machine } from '../machine/machine.ts';
import { bootOnHost } from '../testbed/emulated.ts';
import { type Keys, makeKeys } from '../testbed/keys.ts';
import { died } from './attach.ts';
import { type BootedMachine, bootMachine, type BootOptions } from './machine-boot.ts';
import type { FactsCheck } from './facts.ts';
import { checkIdle, handOn } from './hand-on.ts';
import { EXPECTED_SECONDS, type MachinePlan, type StackPlan } from './plan.ts';
import { both, bringUp, type RunningStack, type StackOptions } from './running.ts';

export interface BootStackOptions extends StackOptions {
  /** The kernel release that every machine must come up with. */
  readonly kernelRelease: string;
  /** What must be true of every machine once it is up; all that was planned, unless told otherwise. */
  readonly check?: FactsCheck;
}

/**
 * Boots `plan` level by level; resolves once the last level answers over SSH and every level is what was planned.
 * On failure and on abort nothing of it is left running.
 * @throws NestbenchError with the level that failed, as `bootMachine` does.
 */
export function boot(plan: StackPlan, options: BootStackOptions): Promise<RunningStack> {
  return bringUp(plan, options, async (up) => {
    const { signal, explained } = up;
    const keys = await makeKeys(options.runtime, signal);
    const common = { ...options, ...up, keys };

    const [serverPlan, ...guestPlans] = plan.levels;
    const left = (from: number): number =>
      plan.levels.slice(from).reduce((sum, { level }) => sum + EXPECTED_SECONDS[level], 0);
    options.onStep?.('booting the server', left(0));
    const server = await explained(bootOnHost(serverPlan, common));
    const bootGuests = async (): Promise<[BootedMachine, ...BootedMachine[]]> => {
      const levels: [BootedMachine, ...BootedMachine[]] = [server];
      for (const guestPlan of guestPlans) {
        options.onStep?.(`booting ${levelName(guestPlan.level)}`, left(guestPlan.level));
        const below = await handOn(levels.at(-1) ?? server, signal);
        const guest = await bootGuest(guestPlan, below.machine, server.machine, common);
        levels[levels.length - 1] = await checkIdle(below, guest, signal);
        levels.push(guest);
      }
      return levels;
    };
    // The guests come up one after another on few vCPUs: the client's boot has a core of the host to itself beside them.
    const [levels, client] = await both(explained(bootGuests()), explained(bootOnHost(plan.client, common)));
    return { keys, client, levels };
  });
}

/** Boots a level inside the one below it. It ends with the server, in whose memory all of it is. */
function bootGuest(
  plan: MachinePlan,
  below: Machine,
  server: Machine,
  options: Omit<BootOptions, 'below' | 'launch' | 'openSsh'> & { readonly keys: Keys },
): Promise<BootedMachine> {
  return bootMachine(plan, {
    ...options,
    below,
    launch: async (signal) => {
      const { deadlineSeconds } = plan;
      const qemu = await below.run(plan.qemu.argv, { signal, deadlineSeconds });
      if (qemu.exitCode !== 0) throw died(plan, `${qemu.stdout}${qemu.stderr}`, undefined);
      return {};
    },
    openSsh: async () => (signal) => server.connect(plan.address, 22, signal),
  });
}

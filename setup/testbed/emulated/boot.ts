/**
 * Boots the stack of a cell on the emulated testbed: the client and the server, then level by level inside the server.
 */
import { both } from '../../lib/both.ts';
import { bootOnHost } from './machines.ts';
import { makeKeys } from '../../stack/keys.ts';
import { type EmulatedStack, emulatedStack } from './emulated-stack.ts';
import { bootGuests, expectedSeconds, type GuestOptions } from '../../stack/guests.ts';
import type { StackPlan } from './stack-plan.ts';
import { bringUp, type StackOptions } from '../../stack/running.ts';

export type BootStackOptions = StackOptions & GuestOptions;

/**
 * Boots `plan` level by level; resolves once the last level answers over SSH and every level matches the plan. On
 * failure and on abort nothing of it is left running.
 * @throws NestbenchError with the level that failed, like `bootMachine`.
 */
export async function boot(plan: StackPlan, options: BootStackOptions): Promise<EmulatedStack> {
  const brought = await bringUp(plan, options, async (up) => {
    const { signal, explained } = up;
    const keys = await makeKeys(options.runtime, signal);
    const common = { ...options, ...up, keys };

    const [serverPlan, ...guestPlans] = plan.levels;
    options.onStep?.('booting the server', expectedSeconds(plan.levels));
    const server = await explained(bootOnHost(serverPlan, common));
    // The guests come up one after another on few vCPUs, so the client's boot has another core of the host to itself.
    const [levels, client] = await both(
      explained(bootGuests(server, guestPlans, common)),
      explained(bootOnHost(plan.client, common)),
    );
    return { keys, client, server, levels };
  });
  return emulatedStack(plan, brought);
}

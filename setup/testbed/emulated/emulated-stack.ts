/** A stack whose client and server are QEMU machines of this host, so it can be saved. */
import { readHost } from '../../machine/contention.ts';
import type { Keys } from '../../stack/keys.ts';
import type { BootedMachine, UpMachine } from '../../stack/machine-boot.ts';
import type { StackPlan } from './stack-plan.ts';
import type { BroughtUp, RunningStack } from '../../stack/running.ts';

export interface EmulatedStack extends RunningStack {
  readonly plan: StackPlan;
  /** The keys of its machines. */
  readonly keys: Keys;
  /**
   * Closes every connection into its guests, and leaves them running. Afterwards it can only be disposed.
   * @returns the machines of the host, whose QMP still answers.
   */
  detach(): Promise<HostMachines>;
}

/** The two machines whose QEMUs run on the host. */
export interface HostMachines {
  readonly client: BootedMachine;
  readonly server: BootedMachine;
}

interface EmulatedUp extends HostMachines {
  readonly keys: Keys;
  readonly levels: readonly [UpMachine, ...UpMachine[]];
}

export function emulatedStack(
  plan: StackPlan,
  { stack, up: { keys, client, server }, disconnect }: BroughtUp<EmulatedUp>,
): EmulatedStack {
  return {
    ...stack,
    // Beside others: whoever else runs on the CPUs that are its own, the other stacks included.
    host: () => (plan.hostCpus === undefined ? readHost() : readHost(process.pid, new Set(plan.hostCpus))),
    plan,
    keys,
    detach: async () => {
      await disconnect();
      return { client, server };
    },
  };
}

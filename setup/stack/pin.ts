/** Pins the vCPU threads of a machine, on the machine that runs its QEMU. */
import type { LevelFacts } from '../../fixtures/records.ts';
import { CheckError } from '../lib/errors.ts';
import type { Machine } from '../machine/machine.ts';
import type { Qmp } from '../machine/qemu/qmp.ts';
import type { MachinePlan } from './machine-plan.ts';

/** Pins them as planned, before the guest has run an instruction. */
export async function pin(
  plan: Pick<MachinePlan, 'name' | 'cpus' | 'pins' | 'deadlineSeconds'>,
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
      throw new CheckError({
        message: `QEMU for ${plan.name} on ${below.name} has no vCPU ${vcpu}: it reports ${threads.size} of the planned ${plan.cpus}.`,
        machine: plan.name,
      });
    }
    await below.check(['taskset', '--cpu-list', '--pid', String(cpu), String(thread)], {
      signal,
      deadlineSeconds: plan.deadlineSeconds,
    });
    pinned.push({ vcpu, thread, cpu });
  }
  return pinned;
}

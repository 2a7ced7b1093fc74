/**
 * Stops a machine while its vCPUs are idle. QEMU's TCG can't restore a vCPU that was saved inside a nested guest ("vCPU
 * set in guest-mode inconsistent with migrated kernel nested state", cpu_post_load in QEMU's target/i386/machine.c).
 * One that waits in HLT is outside: KVM traps the HLT of its guest, and waits in its own.
 */
import { CheckError } from '../../../lib/errors.ts';
import type { Qmp } from '../../../machine/qemu/qmp.ts';
import { waitUntil } from '../../../lib/wait.ts';

/** A stack of four levels without connections is idle nine tenths of the time; 1 to 3 tries were seen. */
const DEADLINE_SECONDS = 30;
/** A guest's timer tick may take that long at L3. */
const INTERVAL_MS = 50;

/** How many vCPUs there are, and how many of them wait in HLT, from the monitor's `info registers -a`. */
export function parseHalted(registers: string): { readonly vcpus: number; readonly halted: number } {
  const flags = [...registers.matchAll(/\bHLT=([01])\b/g)].map(([, flag]) => flag);
  return { vcpus: flags.length, halted: flags.filter((flag) => flag === '1').length };
}

/**
 * Stops the machines at a moment when all vCPUs of all of them wait in HLT.
 * @returns how many tries that took.
 */
export async function stopIdle(machines: readonly Qmp[], signal: AbortSignal): Promise<number> {
  let tries = 0;
  return waitUntil(
    'a moment in which every vCPU is idle',
    async ({ saw }) => {
      tries++;
      await Promise.all(machines.map((qmp) => qmp.execute('stop')));
      const counts = await Promise.all(machines.map(halted));
      if (counts.every(({ vcpus, halted: idle }) => idle === vcpus)) return tries;
      saw(`${counts.map(({ vcpus, halted: idle }) => `${idle} of ${vcpus}`).join(' and ')} vCPUs in HLT.`);
      await Promise.all(machines.map((qmp) => qmp.execute('cont')));
      return undefined;
    },
    { machine: 'host', deadlineSeconds: DEADLINE_SECONDS, intervalMs: INTERVAL_MS, signal },
  );
}

async function halted(qmp: Qmp): Promise<ReturnType<typeof parseHalted>> {
  const [registers, vcpus] = await Promise.all([
    qmp.execute('human-monitor-command', { 'command-line': 'info registers -a' }),
    qmp.execute('query-cpus-fast'),
  ]);
  const found = parseHalted(registers);
  if (found.vcpus === vcpus.length) return found;
  throw new CheckError({
    message: `QEMU has ${vcpus.length} vCPUs, but its "info registers -a" shows for ${found.vcpus} whether they are halted.`,
    machine: 'host',
    output: registers.slice(0, 2000),
  });
}

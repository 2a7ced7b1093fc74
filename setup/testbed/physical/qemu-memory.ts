/** On which NUMA nodes of the server the memory of L1's QEMU is, as `numastat -p` would count it. */
import type { UpMachine } from '../../stack/machine-boot.ts';

const SECONDS = 60;

/** Bytes by node, of a process's numa_maps (proc(5)): pages of each mapping, of the mapping's page size. */
export function parseNumaMaps(text: string): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const page = Number(/ kernelpagesize_kB=(\d+)/.exec(line)?.[1] ?? 0) * 1024;
    for (const [, node = '', pages] of line.matchAll(/ N(\d+)=(\d+)/g))
      bytes[node] = (bytes[node] ?? 0) + Number(pages) * page;
  }
  return bytes;
}

/**
 * Records it in the facts of L1, once all levels are up. A thread has the memory map of its process. Without L1, or on a
 * kernel without NUMA, there is nothing to record.
 */
export async function withQemuMemory(
  levels: readonly [UpMachine, ...UpMachine[]],
  signal: AbortSignal,
): Promise<readonly [UpMachine, ...UpMachine[]]> {
  const [server, l1, ...inner] = levels;
  const thread = l1?.facts.pinned[0]?.thread;
  if (l1 === undefined || thread === undefined) return levels;
  const { exitCode, stdout } = await server.machine.run(['cat', `/proc/${thread}/numa_maps`], {
    signal,
    deadlineSeconds: SECONDS,
  });
  if (exitCode !== 0) return levels;
  return [server, { ...l1, facts: { ...l1.facts, qemuMemory: parseNumaMaps(stdout) } }, ...inner];
}

/**
 * Which NUMA nodes of the server give up memory, so that as much is left as the cell's L0 has. The paper's L0 has few
 * CPUs and little memory; on a server with several nodes its guests are to use memory near these CPUs.
 */
export interface MemoryNode {
  /** Its number, or `all` on a kernel without NUMA. */
  readonly name: string;
  /** Its online CPUs, as 0-3,8. The server was booted with those of the cell. Empty without any. */
  readonly cpus: string;
  readonly freeKiB: number;
}

export interface ServerMemory {
  readonly availableKiB: number;
  readonly hugePageKiB: number;
  readonly nodes: readonly MemoryNode[];
}

/** How many huge pages are taken of a node. */
export interface Share {
  readonly node: MemoryNode;
  readonly pages: number;
}

/** The output of `machine/take-memory read`: lines of /proc/meminfo, and of each node's meminfo. */
export function parseMemory(text: string): ServerMemory {
  const names = [...text.matchAll(/^Node (\w+) CPUs:/gm)].map(([, name = '']) => name);
  return {
    availableKiB: numberOf(text, 'MemAvailable'),
    hugePageKiB: numberOf(text, 'Hugepagesize'),
    nodes: names.map((name) => ({
      name,
      cpus: new RegExp(`^Node ${name} CPUs: *(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '',
      freeKiB: numberOf(text, `Node ${name} MemFree`),
    })),
  };
}

function numberOf(text: string, key: string): number {
  return Number(new RegExp(`^${key}: *(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/**
 * How many huge pages of each node are taken, in this order: all that is needed of nodes without CPUs of the cell, the
 * one with the most free memory first; the rest of the others, each in proportion to its free memory.
 */
export function sharesOf(
  { hugePageKiB, nodes }: Pick<ServerMemory, 'hugePageKiB' | 'nodes'>,
  pages: number,
): Share[] {
  const free = ({ freeKiB }: MemoryNode): number => Math.floor(freeKiB / hugePageKiB);
  const far = nodes.filter(({ cpus }) => cpus === '').toSorted((one, other) => free(other) - free(one));
  const near = nodes.filter(({ cpus }) => cpus !== '');
  let rest = pages;
  const take = (node: MemoryNode, wanted: number): Share => {
    const share = { node, pages: Math.min(wanted, free(node), rest) };
    rest -= share.pages;
    return share;
  };
  return [
    ...far.map((node) => take(node, rest)),
    ...near.map((node, index) => {
      const left = near.slice(index).reduce((sum, each) => sum + free(each), 0);
      return take(node, left === 0 ? 0 : Math.ceil((rest * free(node)) / left));
    }),
  ].filter((share) => share.pages > 0);
}

import { expect, test } from 'vitest';
import type { HostCpu } from '../../../fixtures/host-cpus.ts';
import { planLanes } from '../../../fixtures/lanes.ts';
import { CELLS } from '../../../fixtures/matrix.ts';
import { sizingFor } from '../../../fixtures/sizing.ts';
import { describeLanes } from './describe-lanes.ts';
import { memoryBytesOf } from './emulated-lanes.ts';
import { vcpusOf } from './stack-plan.ts';

const GIB = 2 ** 30;

/** What `npm run plan` prints on a host. Siblings are numbered as on most hosts. */
function described(
  { cores, threads, nodes, gib }: { cores: number; threads: number; nodes: number; gib: number },
  asked?: number,
): string {
  const cpus = Array.from({ length: cores * threads }, (_, cpu): HostCpu => {
    const core = cpu % cores;
    return { cpu, core, node: Math.floor((core * nodes) / cores) };
  });
  const memoryBytes = gib * GIB;
  const sizing = sizingFor({ cpus: cpus.length, memoryBytes });
  const needs = CELLS.map((cell) => ({
    vcpus: vcpusOf(cell, 'real', sizing),
    memoryBytes: memoryBytesOf(cell, sizing),
  }));
  const host = { cpus, busyCpus: cpus.length, memoryBytes, availableBytes: 0.9 * memoryBytes };
  const planned = planLanes(host, needs, asked);
  if (!('lanes' in planned)) throw new Error(planned.why);
  return describeLanes({ cells: CELLS, lanes: planned.lanes, cpus, clock: 'real', sizing });
}

test.each([
  ['two CPUs', { cores: 2, threads: 1, nodes: 1, gib: 24 }, 'one-at-a-time'],
  ['32 cores with two threads each, in two nodes', { cores: 32, threads: 2, nodes: 2, gib: 256 }, '64-cpus'],
])('npm run plan on a host with %s', async (_, host, name) => {
  await expect(`${described(host)}\n`).toMatchFileSnapshot(`captured/plan-all-${name}.txt`);
});

test('PARALLEL=1 there is as on a host with two CPUs', () => {
  const large = { cores: 32, threads: 2, nodes: 2, gib: 256 };
  expect(described(large, 1)).toBe(described({ cores: 2, threads: 1, nodes: 1, gib: 24 }));
});

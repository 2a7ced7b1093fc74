import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseMemory, sharesOf } from './memory-nodes.ts';

/**
 * What `machine/take-memory read` printed on Linux 6.1 with 1 GiB, in QEMU: with two nodes `maxcpus=2` of four CPUs, with
 * four nodes `maxcpus=3` of eight.
 */
function captured(name: string) {
  return parseMemory(readFileSync(new URL(`captured/memory-${name}.txt`, import.meta.url), 'utf8'));
}

/** By node. */
function shares(memory: ReturnType<typeof captured>, pages: number): Record<string, number> {
  return Object.fromEntries(sharesOf(memory, pages).map((share) => [share.node.name, share.pages]));
}

test('memory is read by node, with the online CPUs of each', () => {
  expect(captured('2-nodes')).toEqual({
    availableKiB: 883_220,
    hugePageKiB: 2048,
    nodes: [
      { name: '0', cpus: '0-1', freeKiB: 488_812 },
      { name: '1', cpus: '', freeKiB: 465_420 },
    ],
  });
});

test('the only node gives everything', () => {
  expect(shares(captured('1-node'), 100)).toEqual({ 0: 100 });
});

test('a node without CPUs gives first, and only what it has', () => {
  const memory = captured('2-nodes');
  expect(shares(memory, 100)).toEqual({ 1: 100 });
  expect(shares(memory, 300)).toEqual({ 1: 227, 0: 73 });
});

test('of four nodes, those without CPUs give first, the emptiest before the others', () => {
  const memory = captured('4-nodes');
  expect(memory.nodes.map(({ cpus }) => cpus)).toEqual(['0-1', '2', '', '']);
  expect(sharesOf(memory, 200).map(({ node, pages }) => [node.name, pages])).toEqual([
    ['3', 122],
    ['2', 78],
  ]);
  // 227 from both; the rest in proportion to what the others have free.
  expect(sharesOf(memory, 327).map(({ node, pages }) => [node.name, pages])).toEqual([
    ['3', 122],
    ['2', 105],
    ['0', 50],
    ['1', 50],
  ]);
});

test('nodes that all have CPUs give in proportion to their free memory, and never more than that', () => {
  const node = { name: '0', cpus: '0-3', freeKiB: 300 * 2048 };
  const memory = { hugePageKiB: 2048, nodes: [node, { name: '1', cpus: '4-7', freeKiB: 100 * 2048 }] };
  const taken = (pages: number) => sharesOf(memory, pages).map((share) => share.pages);
  expect(taken(200)).toEqual([150, 50]);
  expect(taken(1000)).toEqual([300, 100]);
  expect(taken(0)).toEqual([]);
});

test('a kernel without NUMA has one node', () => {
  const text = `MemAvailable:     891212 kB\nHugepagesize:       2048 kB\nNode all CPUs: 0-1\nNode all MemFree:   958048 kB\n`;
  expect(parseMemory(text).nodes).toEqual([{ name: 'all', cpus: '0-1', freeKiB: 958_048 }]);
});

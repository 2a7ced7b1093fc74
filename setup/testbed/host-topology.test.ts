import { afterEach, expect, test, vi } from 'vitest';
import { assignCpus } from '../../fixtures/host-cpus.ts';
import { capturedHost, hostWith } from './captured-host.testing.ts';
import { readHostCpus } from './host-topology.ts';

afterEach(() => vi.unstubAllEnvs());

/** The paper's L3, with its client. */
const L3 = { server: 10, client: 4 };

test('a Core i7-1165G7 has four cores of two threads', async () => {
  const cpus = await readHostCpus(capturedHost('intel'));
  expect(cpus.map(({ core }) => core)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  expect(new Set(cpus.map(({ node }) => node))).toEqual(new Set([0]));
  expect(assignCpus(cpus, { server: 2, client: 1 })).toEqual({ server: [2, 3], client: [1] });
});

test('two EPYC 7451 have eight nodes of six cores: the server has one of them', async () => {
  const cpus = await readHostCpus(capturedHost('amd'));
  expect(cpus).toHaveLength(96);
  expect(cpus.filter(({ node }) => node === 7).map(({ cpu }) => cpu)).toEqual([
    42, 43, 44, 45, 46, 47, 90, 91, 92, 93, 94, 95,
  ]);
  expect(assignCpus(cpus, L3)).toEqual({
    server: [43, 91, 44, 92, 45, 93, 46, 94, 47, 95],
    client: [40, 88, 41, 89],
  });
});

test('CPUs that this process may not use, and efficient cores, are left out', async () => {
  const root = hostWith([
    '/proc/self/status: Cpus_allowed_list:\t1,3-5',
    '/sys/devices/cpu_atom/cpus: 4-7',
    '/sys/devices/system/node/node1/cpulist: 2-7',
  ]);
  // Without a topology each CPU is a core.
  expect(await readHostCpus(root)).toEqual([
    { cpu: 1, core: 1, node: 0 },
    { cpu: 3, core: 3, node: 1 },
  ]);
});

test('this host has at least one', async () => {
  expect(await readHostCpus()).not.toEqual([]);
});

test('a described host is a list of CPUs, and nothing else', async () => {
  vi.stubEnv('NESTBENCH_HOST_CPUS', '0-1,0');
  expect((await readHostCpus()).map(({ cpu, core }) => [cpu, core])).toEqual([
    [0, 0],
    [1, 1],
    [0, 2],
  ]);
  vi.stubEnv('NESTBENCH_HOST_CPUS', '4 CPUs');
  await expect(readHostCpus()).rejects.toMatchObject({
    code: 'NESTBENCH_UNKNOWN_SETTING',
    message: expect.stringContaining(
      'NESTBENCH_HOST_CPUS is "4 CPUs", but must be a list of CPUs such as 0-3,8',
    ),
  });
});

import { expect, test } from 'vitest';
import { findCell } from '../../fixtures/matrix.ts';
import { sizingFor } from '../../fixtures/sizing.ts';
import { hostMachine } from '../machine/host.ts';
import { readModuleParameters } from './module-parameters.ts';
import type { MachinePlan } from './machine-plan.ts';
import { planStack } from '../testbed/emulated/stack-plan.ts';

const never = new AbortController().signal;

/** The plan's L0; the values read are those of this host's own kernel. */
function plannedWith(...added: string[]): MachinePlan {
  const cell = findCell('l0-baseline');
  if (cell === undefined) throw new RangeError('l0-baseline');
  return planStack(cell, {
    accelerator: 'tcg',
    card: 'virtio-net-pci',
    sizing: sizingFor({ cpus: 2, memoryBytes: 8 * 2 ** 30 }),
    paths: {
      kernel: '/vmlinux',
      image: '/image',
      emulator: '/e/bin/qemu-system-x86_64',
      tools: '/e/bin',
      runtime: '/run',
    },
    variant: { kernelParameters: { l0: added } },
  }).levels[0];
}

/** printk.time is a boolean of every kernel with printk (kernel/printk/printk.c). */
async function printkTime(): Promise<string> {
  return (
    await hostMachine().check(['cat', '/sys/module/printk/parameters/time'], {
      signal: never,
      deadlineSeconds: 10,
    })
  ).trim();
}

test('a value that the kernel kept is recorded in the kernel’s format', async () => {
  const found = await printkTime();
  const plan = plannedWith(`printk.time=${found === 'Y' ? 1 : 0}`, 'quiet');
  expect(await readModuleParameters(plan, hostMachine(), never)).toEqual({
    moduleParameters: { 'printk.time': found },
  });
});

test('without any in the plan, nothing is recorded', async () => {
  expect(await readModuleParameters(plannedWith('quiet'), hostMachine(), never)).toEqual({});
});

test('one with another value, or none, fails the boot and says so', async () => {
  const other = (await printkTime()) === 'Y' ? 0 : 1;
  await expect(
    readModuleParameters(plannedWith(`printk.time=${other}`), hostMachine(), never),
  ).rejects.toThrow(/sets printk\.time=\d on l0, but its kernel has it as "[YN]"/);
  const unknown = readModuleParameters(plannedWith('printk.tiem=1'), hostMachine(), never);
  await expect(unknown).rejects.toMatchObject({ code: 'NESTBENCH_CHECK_FAILED' });
  await expect(unknown).rejects.toThrow('has no such parameter (/sys/module/printk/parameters/tiem)');
});

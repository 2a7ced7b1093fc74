/**
 * Boots that go wrong, from plans changed on purpose: which level is blamed, what its console said, and what is left.
 */
import path from 'node:path';
import { describe, expect } from 'vitest';
import { findCell } from '../../fixtures/matrix.ts';
import { sizingFor } from '../../fixtures/sizing.ts';
import { STOCK_VARIANT } from '../../fixtures/variant.ts';
import { buildAll, type Built } from '../../setup/build/build-all.ts';
import { leftovers, type Place, runtimeOf } from './run.testing.ts';
import { test as base } from './testbed.testing.ts';
import { NestbenchError } from '../../setup/lib/errors.ts';
import { describeHost, hostVirtualization } from '../../setup/testbed/host-resources.ts';
import { findOwned } from '../../setup/machine/qemu/qemu-process.ts';
import { boot } from '../../setup/testbed/emulated/boot.ts';
import type { RunningStack } from '../../setup/stack/running.ts';
import type { MachinePlan } from '../../setup/stack/machine-plan.ts';
import { device } from '../../setup/stack/qemu-parts.ts';
import { planStack, type StackPlan } from '../../setup/testbed/emulated/stack-plan.ts';

const never = new AbortController().signal;

interface Stack {
  readonly plan: StackPlan;
  boot(plan: StackPlan): Promise<RunningStack>;
}

const test = base
  // oxlint-disable-next-line no-empty-pattern
  .extend('built', { scope: 'file' }, ({}): Promise<Built> => buildAll(never, STOCK_VARIANT))
  .extend('l1', async ({ built, place }): Promise<Stack> => stackOf('l1-baseline', built, place))
  .extend('l0', async ({ built, place }): Promise<Stack> => stackOf('l0-baseline', built, place));

async function stackOf(name: string, { kernel, image, emulator }: Built, place: Place): Promise<Stack> {
  const cell = findCell(name);
  if (cell === undefined) throw new RangeError(name);
  const runtime = runtimeOf(place);
  const { accelerator } = await hostVirtualization();
  const sizing = sizingFor(describeHost());
  const paths = {
    kernel: kernel.vmlinux,
    image: image.file,
    emulator: emulator.program,
    tools: emulator.tools,
    runtime,
  };
  return {
    plan: planStack(cell, { accelerator, card: 'virtio-net-pci', sizing, paths }),
    boot: (plan) =>
      boot(plan, {
        runtime,
        logs: path.join(place.results, 'logs'),
        kernelRelease: kernel.release,
        signal: never,
      }),
  };
}

/** The plan with its last level changed. */
function withLast(plan: StackPlan, change: (last: MachinePlan) => MachinePlan): StackPlan {
  const [server, guest] = plan.levels;
  return { ...plan, levels: guest === undefined ? [change(server)] : [server, change(guest)] };
}

function withWord(machine: MachinePlan, from: string, to: string): MachinePlan {
  const changed = machine.kernelParameters.map((each) => (each.text === from ? { ...each, text: to } : each));
  return { ...machine, kernelParameters: changed.filter(({ text }) => text !== '') };
}

function withDevice(machine: MachinePlan, type: string): MachinePlan {
  const { qemu } = machine;
  return { ...machine, qemu: { ...qemu, devices: [...qemu.devices, device(type)] } };
}

/** The error that a boot ends with. Checks that it leaves nothing behind. */
async function failure(booting: Promise<RunningStack>, place: Place): Promise<NestbenchError> {
  const thrown: unknown = await booting.then(
    async (stack) => {
      await stack[Symbol.asyncDispose]();
      return new Error(`${stack.cell.name} came up`);
    },
    (error: unknown) => error,
  );
  if (!(thrown instanceof NestbenchError)) throw thrown;
  expect(leftovers(place)).toEqual([]);
  return thrown;
}

describe('boot', () => {
  test("reports a guest whose kernel panics, with the kernel's reason and its console", async ({
    l1,
    place,
  }) => {
    const plan = withLast(l1.plan, (last) => withWord(last, 'root=/dev/vda', 'root=/dev/vdz'));
    const error = await failure(l1.boot(plan), place);
    expect(error.code).toBe('NESTBENCH_GUEST_PANICKED');
    expect(error.message).toMatch(/^The kernel of l1 panicked: VFS: Unable to mount root fs/);
    expect(error).toMatchObject({ machine: 'l1', output: expect.stringContaining('Kernel panic') });
  });

  test('reports a guest that hangs, with how long it waited and what its console last said', async ({
    l1,
    place,
  }) => {
    // Its first process only copies the console to the console.
    const plan = withLast(l1.plan, (last) => ({
      ...withWord(withWord(last, 'init=/usr/sbin/nestbench-init', 'init=/bin/cat'), 'quiet', ''),
      deadlineSeconds: 10,
    }));
    const error = await failure(l1.boot(plan), place);
    expect(error.code).toBe('NESTBENCH_GUEST_HUNG');
    expect(error.message).toMatch(
      /^l1 did not come up on l0\. Waited 10 s .* last said something [\d.]+ s ago\.$/,
    );
    expect(error).toMatchObject({
      machine: 'l1',
      seconds: 10,
      output: expect.stringContaining('/bin/cat as init'),
    });
  });

  test('reports a server whose QEMU does not start, with what QEMU said', async ({ l0, place }) => {
    const plan = withLast(l0.plan, (last) => withDevice(last, 'nosuch'));
    const error = await failure(l0.boot(plan), place);
    expect(error.code).toBe('NESTBENCH_GUEST_DIED');
    expect(error.message).toContain('The QEMU that runs l0 on host exited with 1.');
    expect(error.message).toContain("'nosuch' is not a valid device model name");
  });

  test('reports a guest whose QEMU does not start, with what QEMU said', async ({ l1, place }) => {
    const plan = withLast(l1.plan, (last) => withDevice(last, 'nosuch'));
    const error = await failure(l1.boot(plan), place);
    expect(error.code).toBe('NESTBENCH_GUEST_DIED');
    expect(error.message).toContain('The QEMU that runs l1 on l0 exited with 1.');
    expect(error.message).toContain("'nosuch' is not a valid device model name");
  });

  test('reports a server that is not as planned', async ({ l0, place }) => {
    // Its kernel brings up only one of its CPUs.
    const plan = withLast(l0.plan, (last) => ({
      ...last,
      cpus: 2,
      kernelParameters: [...last.kernelParameters, { text: 'maxcpus=1', from: 'variant' }],
    }));
    const error = await failure(l0.boot(plan), place);
    expect(error.code).toBe('NESTBENCH_CHECK_FAILED');
    expect(error.message).toContain(
      'l0 is up, but differs from its plan: the number of CPUs is 1, planned was 2',
    );
  });
});

describe('a stack that runs', () => {
  test('is aborted by a guest that panics, with the reason', async ({ l1, place }) => {
    const plan = withLast(l1.plan, (last) => ({ ...last, memoryMiB: 256 }));
    {
      await using stack = await l1.boot(plan);
      const eat = ['sh', '-c', 'sysctl -q vm.panic_on_oom=2; exec tail /dev/zero'];
      const work = stack.target.run(eat, { signal: stack.signal, deadlineSeconds: 120 });
      await expect(work.catch((error: unknown) => stack.causeOf(error))).resolves.toMatchObject({
        code: 'NESTBENCH_GUEST_PANICKED',
        message: expect.stringContaining('The kernel of l1 panicked: Out of memory'),
        machine: 'l1',
        output: expect.stringContaining('Kernel panic'),
      });
    }
    expect(leftovers(place)).toEqual([]);
  });

  test('is aborted by a server that dies, and does not blame the guest in it', async ({ l1, place }) => {
    {
      await using stack = await l1.boot(l1.plan);
      const server = findOwned(runtimeOf(place)).find(({ pidFile }) => pidFile?.endsWith('/l0.pid'));
      if (server === undefined) throw new Error('no server');
      const work = stack.target.run(['sleep', '60'], { signal: stack.signal, deadlineSeconds: 120 });
      process.kill(server.pid, 'SIGKILL');
      await expect(work.catch((error: unknown) => stack.causeOf(error))).resolves.toMatchObject({
        code: 'NESTBENCH_GUEST_DIED',
        machine: 'l0',
        output: expect.stringContaining('nestbench: l0 up'),
      });
    }
    expect(leftovers(place)).toEqual([]);
  });
});

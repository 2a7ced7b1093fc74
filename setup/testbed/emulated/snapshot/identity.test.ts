import { expect, test } from 'vitest';
import { findCell } from '../../../../fixtures/matrix.ts';
import { planStack, type StackPlan } from '../stack-plan.ts';
import { identityOf, snapshotName } from './identity.ts';

const INGREDIENTS = { kernel: 'k', image: 'i', qemu: 'q' };

function planned(cell: string, changes: Partial<Parameters<typeof planStack>[1]> = {}): StackPlan {
  const found = findCell(cell);
  if (found === undefined) throw new Error(cell);
  return planStack(found, {
    accelerator: 'tcg',
    card: 'virtio-net-pci',
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 1024 },
    paths: {
      kernel: '/k',
      image: '/i',
      emulator: '/e/bin/qemu-system-x86_64',
      tools: '/e/bin',
      runtime: '/tmp/a',
    },
    tscKhz: 2_600_000,
    ...changes,
  });
}

const identity = identityOf(planned('l2-baseline'), '/tmp/a', INGREDIENTS);
const paths = {
  kernel: '/k',
  image: '/i',
  emulator: '/e/bin/qemu-system-x86_64',
  tools: '/e/bin',
  runtime: '/run/b "c"',
};

test('the same stack has the same snapshot, wherever its sockets are', () => {
  expect(identityOf(planned('l2-baseline', { paths }), paths.runtime, INGREDIENTS)).toEqual(identity);
});

test.each([
  ['cell', identityOf(planned('l2-vp-idle'), '/tmp/a', INGREDIENTS)],
  ['TSC rate', identityOf(planned('l2-baseline', { tscKhz: 2_700_000 }), '/tmp/a', INGREDIENTS)],
  [
    'kernel parameter',
    identityOf(
      planned('l2-baseline', { variant: { kernelParameters: { l1: ['nohz=off'] } } }),
      '/tmp/a',
      INGREDIENTS,
    ),
  ],
  ['kernel', identityOf(planned('l2-baseline'), '/tmp/a', { ...INGREDIENTS, kernel: 'other' })],
  ['image', identityOf(planned('l2-baseline'), '/tmp/a', { ...INGREDIENTS, image: 'other' })],
  ['QEMU', identityOf(planned('l2-baseline'), '/tmp/a', { ...INGREDIENTS, qemu: 'other' })],
  ['accelerator', identityOf(planned('l2-baseline', { accelerator: 'kvm' }), '/tmp/a', INGREDIENTS)],
])('another %s is another snapshot', (_, other) => {
  expect(snapshotName('l2-baseline', other)).not.toBe(snapshotName('l2-baseline', identity));
});

test.each(['tcg', 'kvm'] as const)('another lane of the host is the same snapshot (%s)', (accelerator) => {
  const lane = Array.from({ length: 4 }, (_, cpu) => ({ cpu, core: cpu, node: 0 }));
  const names = [undefined, lane, lane.map(({ cpu }) => ({ cpu: cpu + 4, core: cpu + 4, node: 1 }))].map(
    (its) => {
      const plan = planned('l2-baseline', { accelerator, lane: its });
      return snapshotName('l2-baseline', identityOf(plan, '/tmp/a', INGREDIENTS));
    },
  );
  expect(new Set(names).size).toBe(1);
});

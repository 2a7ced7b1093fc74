import { expect, test } from 'vitest';
import { findCell } from '../../../fixtures/matrix.ts';
import { PROFILES } from '../../../fixtures/profiles.ts';
import { sizingFor } from '../../../fixtures/sizing.ts';
import { STOCK_VARIANT, type Variant } from '../../../fixtures/variant.ts';
import { qemuArgv } from '../../stack/qemu-argv.ts';
import {
  clocksOf,
  emulatedInLane,
  type EmulatedExperiment,
  planEmulated,
  whyNotEmulated,
} from './emulated-experiment.ts';

test.each([
  [undefined, 'tcg', { application: 'real', micro: 'virtual' }],
  [undefined, 'kvm', { application: 'real', micro: 'real' }],
  ['virtual', 'tcg', { application: 'virtual', micro: 'virtual' }],
  ['real', 'tcg', { application: 'real', micro: 'real' }],
] as const)('CLOCK=%s under %s', (clock, accelerator, clocks) => {
  expect(clocksOf(clock, accelerator)).toEqual(clocks);
});

test.each([
  [undefined, 'tcg', 'application'],
  [undefined, 'tcg', 'micro'],
  [undefined, 'kvm', 'micro'],
] as const)('CLOCK=%s under %s suits a stack of the kind %s', (clock, accelerator, kind) => {
  const on = { experiment: experiment(clock, accelerator), kind };
  expect(whyNotEmulated(cell('l2-baseline'), on)).toBeUndefined();
});

test.each([
  ['virtual', 'tcg', 'application', 'measured in real time: CLOCK=real'],
  ['real', 'tcg', 'micro', 'CLOCK=virtual counts instructions'],
] as const)('CLOCK=%s under %s does not suit a stack of the kind %s', (clock, accelerator, kind, words) => {
  const on = { experiment: experiment(clock, accelerator), kind };
  expect(whyNotEmulated(cell('l2-baseline'), on)).toContain(words);
});

function whyNot(name: string, variant: Variant, hasSvm = true): string | undefined {
  return whyNotEmulated(cell(name), {
    experiment: { ...experiment(undefined, 'tcg'), variant, hasSvm },
    kind: 'application',
  });
}

test('only a cell of dvh needs a kernel with direct virtual hardware', () => {
  const older: Variant = { name: 'linux-6.1', kernel: { suite: 'bookworm' } };
  expect(whyNot('l2-dvh', older)).toMatch(/the variant linux-6\.1 has the kernel of bookworm, .* of trixie$/);
  expect(whyNot('l2-vp-idle', older)).toBeUndefined();
  expect(whyNot('l2-dvh', STOCK_VARIANT)).toBeUndefined();
  expect(whyNot('l2-dvh', STOCK_VARIANT, false)).toMatch(/for AMD's SVM, .*; ACCELERATOR=tcg emulates one/);
  expect(whyNot('l2-vp-idle', STOCK_VARIANT, false)).toBeUndefined();
  // Only its boot shows what this one has.
  expect(whyNot('l2-dvh', { name: 'mine', kernel: { vmlinux: '/vmlinux' } })).toBeUndefined();
});

function cell(name: string) {
  const found = findCell(name);
  if (found === undefined) throw new Error(`no cell ${name}`);
  return found;
}

function experiment(
  clock: 'real' | 'virtual' | undefined,
  accelerator: 'tcg' | 'kvm',
): EmulatedExperiment & { readonly variant: Variant } {
  const sizing = sizingFor({ cpus: 2, memoryBytes: 8e9 });
  const clocks = clocksOf(clock, accelerator);
  return {
    kind: 'emulated',
    variant: STOCK_VARIANT,
    clocks,
    accelerator,
    hasSvm: true,
    sizing,
    snapshotBytes: 0,
  };
}

test('in its lane an experiment has the CPUs and the runtime directory of the lane', () => {
  const lanes = [4, 0].map((first) =>
    [0, 1, 2, 3].map((more) => ({ cpu: first + more, core: first + more, node: 0 })),
  );
  const paths = {
    kernel: '/k',
    image: '/i',
    emulator: '/e',
    tools: '/e/bin',
    runtime: '/tmp/nestbench-0/testbed',
  };
  const ingredients = { kernel: 'k', image: 'i', qemu: 'q' };
  const material = { paths, card: 'igb', tscKhz: 1, kernelRelease: '6.12', ingredients } as const;
  const common = { directory: '/results/x', profile: PROFILES.quick, boot: 'warm' } as const;
  const whole = { ...common, ...experiment(undefined, 'tcg'), material, lanes };
  const plans = [0, 1].map((lane) =>
    planEmulated(cell('l1-baseline'), emulatedInLane(whole, lane), 'application'),
  );
  expect(plans.map(({ hostCpus }) => hostCpus)).toEqual([
    [4, 5, 6, 7],
    [0, 1, 2, 3],
  ]);
  const sockets = plans.map(({ levels: [server] }) => qemuArgv(server).join(' '));
  expect(sockets[0]).toContain('/tmp/nestbench-0/testbed/1/l0.pid');
  expect(sockets[1]).toContain('/tmp/nestbench-0/testbed/2/l0.pid');
  // Without a lane nothing is as in one.
  expect(planEmulated(cell('l1-baseline'), whole, 'application')).not.toHaveProperty('hostCpus');
});

import { expect, test } from 'vitest';
import { CELLS, findCell, levelName } from '../../../fixtures/matrix.ts';
import { commandLineOf } from '../../stack/kernel-command-line.ts';
import { qemuArgv } from '../../stack/qemu-argv.ts';
import { describePlan } from './describe-plan.ts';
import { planStack } from './stack-plan.ts';

const host = {
  accelerator: 'tcg',
  card: 'virtio-net-pci',
  tscKhz: 2_450_000,
  sizing: { cpus: { last: 2, reservedOnServer: 1, reservedInGuests: 1 }, memoryMiB: 768 },
  paths: { kernel: '$KERNEL', image: '$IMAGE', emulator: '$EMULATOR', tools: '$TOOLS', runtime: '$RUNTIME' },
} as const;

function described(name: string): string {
  const cell = findCell(name);
  if (cell === undefined) throw new Error(`no cell ${name}`);
  return describePlan(planStack(cell, host));
}

test('npm run plan -- l3-baseline shows the whole boot, in order', async () => {
  await expect(`${described('l3-baseline')}\n`).toMatchFileSnapshot('captured/plan-l3-baseline.txt');
});

test('a device that is assigned from level to level is shown at every level', async () => {
  await expect(`${described('l3-dvh-vp')}\n`).toMatchFileSnapshot('captured/plan-l3-dvh-vp.txt');
});

test('every word of every argv and every kernel command line is in the text', () => {
  for (const cell of CELLS) {
    const plan = planStack(cell, host);
    const text = describePlan(plan);
    for (const machine of [plan.client, ...plan.levels]) {
      expect(qemuArgv(machine).filter((word) => !text.includes(word))).toEqual([]);
      expect(text).toContain(`\n     ${commandLineOf(machine.kernelParameters)}\n`);
    }
  }
});

test('every vCPU is pinned in the text, and no cell without guests pins any', () => {
  expect(described('l0-baseline')).not.toContain('taskset');
  expect(described('l1-baseline').match(/taskset/g)).toHaveLength(2);
});

test("on a host's hardware the host's CPUs are shown too", () => {
  const cell = findCell('l1-baseline');
  if (cell === undefined) throw new Error('no l1-baseline');
  const hostCpus = Array.from({ length: 8 }, (_, cpu) => ({ cpu, core: cpu, node: 0 }));
  const text = describePlan(planStack(cell, { ...host, accelerator: 'kvm', hostCpus }));
  expect(text).toMatch(/^ {2}l0 +host +kvm .* 0 to 5, 1 to 6, 2 to 7$/m);
  expect(text).toMatch(/^ {2}client +host +kvm .* 0 to 3, 1 to 4$/m);
  expect(text).toContain('taskset --cpu-list --pid 7 <thread of vCPU 2, from query-cpus-fast>');
});

test("the paper's software is shown for every level of the cell", () => {
  const text = described('l3-dvh');
  for (const level of [0, 1, 2, 3] as const)
    expect(text).toMatch(new RegExp(`^  ${levelName(level)} {5}v4\\.18-`, 'm'));
  expect(text).toMatch(/^ {2}L1 +v4\.18-dvh-full-asplos +intel_iommu=on kvm-intel\.nested=1 +v3\.1\.0-dvh$/m);
});

function haltChecks(cell: string): string[] {
  return described(cell)
    .split('\n')
    .filter((line) => line.includes('check: KVM on'))
    .map((line) => line.trim());
}

test('of HLT the plan says what is checked: with DVH a level may trap it while it has other tasks', () => {
  expect(haltChecks('l3-dvh')).toEqual([
    'check: KVM on l0 traps its HLT',
    'check: KVM on l1 counts the HLT that it traps, which it does while it has other tasks',
    'check: KVM on l2 counts the HLT that it traps, which it does while it has other tasks',
  ]);
  expect(haltChecks('l2-vp-idle')).toContain('check: KVM on l1 traps no HLT');
});

test('no line has trailing spaces', () => {
  for (const { name } of CELLS) expect(described(name)).not.toMatch(/[ \t]$/m);
});

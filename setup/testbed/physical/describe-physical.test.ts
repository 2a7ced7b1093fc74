import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Cell, CELLS, configurationOf } from '../../../fixtures/matrix.ts';
import { PROFILES } from '../../../fixtures/profiles.ts';
import { orderedByBoot, physicalSoftware, serverBoot } from '../../../fixtures/physical-software.ts';
import { CLIENT_SOFTWARE, softwareOf } from '../../../fixtures/software.ts';
import type { OwnImage } from '../../stack/machine-plan.ts';
import { readTestbed, parseTestbed } from './testbed-file.ts';
import { describePhysical } from './describe-physical.ts';

const testbed = readTestbed(path.join(import.meta.dirname, '../../../testbed.example.yaml'));
const PAPER_CELLS = CELLS.filter((cell) => configurationOf(cell).inPaper);
const MINIMAL = 'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\n';

function imageOf(level: string): OwnImage {
  return {
    file: `/srv/${level}.img`,
    bytes: 10_737_418_240,
    root: '/dev/vda',
    key: '/home/me/.ssh/id_ed25519',
  };
}

/** The machines' rows in the output, by machine. */
function rows(cell: Cell): Map<string, string> {
  const lines = describePhysical(testbed, cell, PROFILES.paper).split('\n');
  return new Map(
    lines.flatMap((line) => (/^(client|l\d) /.test(line) ? [[line.split(' ')[0] ?? '', line]] : [])),
  );
}

describe.each(PAPER_CELLS.map((cell) => [cell.name, cell] as const))('%s', (name, cell) => {
  // The test of fixtures/software.ts compares its rows with the artifact's README.
  test('has a row for each row of the README’s table', () => {
    const printed = rows(cell);
    expect([...printed.keys()]).toEqual(['client', ...softwareOf(cell).map((_, level) => `l${level}`)]);
    for (const [machine, { kernel, parameters, qemu }] of [
      ['client', CLIENT_SOFTWARE] as const,
      ...softwareOf(cell).map((row, level) => [`l${level}`, row] as const),
    ]) {
      const row = printed.get(machine) ?? '';
      expect(row).toContain(` 4.18.0-${kernel.slice('v4.18-'.length)} `);
      expect(row).toContain(parameters.length === 0 ? ' - ' : ` ${parameters.join(' ')} `);
      expect(row).toContain(` ${qemu ?? '-'} `);
    }
  });

  test('the plan is unchanged', async () => {
    await expect(`${describePhysical(testbed, cell, PROFILES.paper)}\n`).toMatchFileSnapshot(
      `captured/plan-${name}.txt`,
    );
  });
});

test('the plan of a cell whose levels boot disk images of the user’s', async () => {
  const cell = CELLS.find(({ name }) => name === 'l2-baseline');
  const images = { l1: imageOf('l1'), l2: imageOf('l2') };
  const text = cell && describePhysical(testbed, cell, PROFILES.paper, images);
  await expect(`${text}\n`).toMatchFileSnapshot('captured/plan-own-images.txt');
});

test('cells with the same boot of the server are adjacent, and none is lost', () => {
  const ordered = orderedByBoot(testbed, CELLS);
  expect(new Set(ordered.map(({ cell }) => cell))).toEqual(new Set(CELLS));
  const boots = ordered.map(({ cell }) => serverBoot(physicalSoftware(testbed, cell)));
  const changes = boots.filter((boot, index) => boot !== boots[index - 1]).length;
  expect(changes).toBe(new Set(boots).size);
  expect(ordered.filter((each) => each.boots)).toHaveLength(changes);
});

test('custom software is by machine; CPUs, nesting and IOMMU follow from the cell', () => {
  const own = parseTestbed(
    `${MINIMAL}software: { l1: { kernel: { url: /srv/linux, ref: next }, parameters: [quiet] } }\n`,
    'x',
  );
  const cell = CELLS.find(({ name }) => name === 'l3-dvh-vp');
  const [l0, l1, l2] = cell === undefined ? [] : physicalSoftware(own, cell).levels;
  expect(l0).toMatchObject({
    kernel: 'installed',
    parameters: ['maxcpus=10', 'kvm-intel.nested=1', 'kvm-amd.nested=1'],
    qemu: 'installed',
  });
  expect(l1).toMatchObject({
    kernel: { url: '/srv/linux', ref: 'next' },
    parameters: ['intel_iommu=on', 'kvm-intel.nested=1', 'kvm-amd.nested=1', 'quiet'],
  });
  expect(l2?.kernel).toBe('installed');
});

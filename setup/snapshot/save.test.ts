import { expect, test } from 'vitest';
import type { NetworkCard } from '../../fixtures/configurations/configuration.ts';
import { CELLS, configurationOf } from '../../fixtures/matrix.ts';
import { planStack } from '../stack/plan.ts';
import { whyNotSaved } from './save.ts';

/** Cells of which no snapshot is made on a host whose QEMU plays this card. */
function notSaved(card: NetworkCard): string[] {
  const host = {
    accelerator: 'tcg',
    card,
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 1024 },
    paths: { kernel: '/k', image: '/i', runtime: '/r' },
  } as const;
  return CELLS.filter(
    (cell) =>
      configurationOf(cell).notEmulated === undefined && whyNotSaved(planStack(cell, host)) !== undefined,
  ).map(({ name }) => name);
}

test('every cell is saved where a virtio NIC plays the server’s card', () => {
  expect(notSaved('virtio-net-pci')).toEqual([]);
});

test('where an igb does, cells with a virtual function of it are not', () => {
  expect(notSaved('igb')).toEqual(['l1-passthrough', 'l2-passthrough', 'l3-passthrough']);
});

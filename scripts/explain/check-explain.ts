/** What `npm run explain` can't do, before anything boots. */
import type { Cell } from '../../fixtures/matrix.ts';
import type { Variant } from '../../fixtures/variant.ts';
import { InputError } from '../../setup/lib/errors.ts';
import type { Settings } from '../../setup/run/settings.ts';
import { EMULATED } from '../../setup/run/testbed-name.ts';
import { whyNotDvh } from '../../setup/testbed/emulated/emulated-experiment.ts';

/** @throws {InputError} NESTBENCH_UNKNOWN_SETTING for settings with which no emulator counts instructions. */
export function checkSettings({ testbed, accelerator, clock, variant }: Settings): void {
  const why =
    (testbed !== EMULATED && `TESTBED is ${testbed}`) ||
    (accelerator === 'kvm' && 'ACCELERATOR is kvm') ||
    (clock === 'real' && 'CLOCK is real') ||
    (variant.qemu !== undefined && `the variant ${variant.name} has a QEMU of its own`);
  if (why === false) return;
  const message = `explain records the instructions of an emulated server in virtual time, by nestbench's own emulator, but ${why}. Start it without.`;
  throw new InputError('NESTBENCH_UNKNOWN_SETTING', message);
}

/** @throws {InputError} NESTBENCH_UNKNOWN_CELL for a cell that the variant's kernel can't have. */
export function checkCell(cell: Cell, variant: Variant): void {
  const reason = whyNotDvh(cell, { hasSvm: true, variant });
  if (reason !== undefined) throw new InputError('NESTBENCH_UNKNOWN_CELL', `${cell.name}: ${reason}.`);
}

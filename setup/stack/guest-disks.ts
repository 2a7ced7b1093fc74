/** The disks of a guest, and the devices that they are in it. */
import { MACHINE_NAMES, type MachineName } from '../../fixtures/addresses.ts';
import type { Level } from '../../fixtures/matrix.ts';

/** A level's own disk image, nestbench's, the keys, the disk for data, and the disk images of levels inside it. */
export type GuestDisk = 'own' | 'image' | 'seed' | 'data' | MachineName;

/**
 * In the order of QEMU's options (qemu-parts.ts).
 * @param last the last level that is booted.
 * @param owning levels that boot a disk image of the user's.
 */
export function guestDisks(
  level: Level,
  {
    last,
    owning,
    hasData,
  }: { readonly last: number; readonly owning: readonly MachineName[]; readonly hasData: boolean },
): GuestDisk[] {
  const inside = ([1, 2, 3] as const).filter((each) => each > level && each <= last);
  return [
    ...(owning.includes(`l${level}`) ? (['own'] as const) : []),
    'image',
    'seed',
    ...(hasData ? (['data'] as const) : []),
    ...inside.map((each) => `l${each}` as const).filter((name) => owning.includes(name)),
  ];
}

/** Linux names virtio disks in the order in which it finds them, which is that of their PCI slots. */
export function deviceOf(disks: readonly GuestDisk[], disk: GuestDisk): string {
  return `/dev/vd${'abcdefgh'.charAt(disks.indexOf(disk))}`;
}

/** Whether it is the disk image of a level inside. */
export function isMachine(disk: GuestDisk): disk is MachineName {
  return MACHINE_NAMES.some((name) => name === disk);
}

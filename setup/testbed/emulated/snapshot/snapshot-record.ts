/** The record of a saved stack: what was saved, the keys of its machines, and how to identify them. */
import { z } from 'zod';
import { levelFacts } from '../../../../fixtures/records.ts';

/** Increase it whenever stacks are prepared or saved differently. */
export const FORMAT = 4;

const keyPair = z.object({ privateKey: z.string(), publicKey: z.string() });

/** A file of the snapshot: a machine's state, or the disk with the keys. */
const savedFile = z.object({
  /** With its holes. */
  bytes: z.int().positive(),
  /** As `checksum` prints it (setup/build/qemu/emulator/checksum.c). */
  checksum: z.string(),
});
export type SavedFile = z.infer<typeof savedFile>;

export const snapshotRecord = z.object({
  cell: z.string(),
  madeAt: z.iso.datetime(),
  /** Everything that affects it, by name; the hash is the snapshot's name. */
  identity: z.record(z.string(), z.string()),
  keys: z.object({
    privateKey: z.string(),
    hosts: z.object({ client: keyPair, l0: keyPair, l1: keyPair, l2: keyPair, l3: keyPair }),
  }),
  client: savedFile,
  server: savedFile,
  seed: savedFile,
  /** /proc/sys/kernel/random/boot_id of every machine, by its name, which is constant while a kernel runs. */
  bootIds: z.record(z.string(), z.string()),
  facts: z.object({ client: levelFacts, levels: z.array(levelFacts) }),
});
export type SnapshotRecord = z.infer<typeof snapshotRecord>;

/** The machines of the host, each with a file in the snapshot. */
export const HOST_MACHINES = ['client', 'server'] as const;

/** What stands beside a saved stack: what it is of, what opens its machines, and by which marks it is known again. */
import { z } from 'zod';
import { levelFacts } from '../../../../fixtures/records.ts';

/** To be raised whenever a stack is prepared or saved in another way. */
export const FORMAT = 3;

const keyPair = z.object({ privateKey: z.string(), publicKey: z.string() });

/** A machine whose memory is in a file. */
const savedMachine = z.object({
  /** Of the compressed file. */
  bytes: z.int().positive(),
  sha256: z.string(),
});

export const snapshotRecord = z.object({
  cell: z.string(),
  madeAt: z.iso.datetime(),
  /** Everything that shapes it, by name; its hash is the snapshot's name. */
  identity: z.record(z.string(), z.string()),
  keys: z.object({
    privateKey: z.string(),
    hosts: z.object({ client: keyPair, l0: keyPair, l1: keyPair, l2: keyPair, l3: keyPair }),
  }),
  client: savedMachine,
  server: savedMachine,
  /** /proc/sys/kernel/random/boot_id of every machine, by its name: a kernel has the same for as long as it runs. */
  bootIds: z.record(z.string(), z.string()),
  facts: z.object({ client: levelFacts, levels: z.array(levelFacts) }),
});
export type SnapshotRecord = z.infer<typeof snapshotRecord>;

/** The machines of the host, each of which is a file of the snapshot. */
export const HOST_MACHINES = ['client', 'server'] as const;

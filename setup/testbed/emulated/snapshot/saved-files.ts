/** The files of a snapshot that a restore reads: what they are when they are saved, and whether they still are. */
import { existsSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { hostMachine } from '../../../machine/host.ts';
import { seedFile } from '../../../stack/keys.ts';
import { HOST_MACHINES, type SavedFile, type SnapshotRecord } from './snapshot-record.ts';

/** What stat(2) counts in, whatever the blocks of the file system are. */
const STAT_BLOCK_BYTES = 512;

/** It reads a gigabyte in 0.4 s; a machine of the paper's size on a slow disk takes minutes. */
const CHECKSUM_SECONDS = 600;

/** The file of a machine's state. */
export function stateFile(directory: string, machine: (typeof HOST_MACHINES)[number]): string {
  return path.join(directory, `${machine}.state`);
}

/** What a file takes on the disk, without its holes; 0 if it is not there. */
export function storedBytes(file: string): number {
  return (statSync(file, { throwIfNoEntry: false })?.blocks ?? 0) * STAT_BLOCK_BYTES;
}

/**
 * @param tools where `checksum` is.
 * @throws NESTBENCH_COMMAND_FAILED with its reason if the file can't be read.
 */
export async function describeFile(file: string, tools: string, signal: AbortSignal): Promise<SavedFile> {
  const { size } = await stat(file);
  const argv = [path.join(tools, 'checksum'), file];
  const checksum = await hostMachine().check(argv, { signal, deadlineSeconds: CHECKSUM_SECONDS });
  return { bytes: size, checksum: checksum.trim() };
}

/**
 * Checks the state of both machines, and the disk with their keys, against the record.
 * @returns what is wrong; undefined if nothing is.
 * @throws what `describeFile` throws.
 */
export async function findDamage(
  {
    directory,
    record,
  }: { readonly directory: string; readonly record: Pick<SnapshotRecord, 'client' | 'server' | 'seed'> },
  tools: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const damageOf = async (file: string, was: SavedFile): Promise<string | undefined> => {
    const name = path.basename(file);
    if (!existsSync(file)) return `${name} is not there`;
    const is = await describeFile(file, tools, signal);
    if (is.bytes !== was.bytes) return `${name} has ${is.bytes} bytes, and had ${was.bytes}`;
    return is.checksum === was.checksum ? undefined : `${name} is damaged`;
  };
  const faults = await Promise.all([
    ...HOST_MACHINES.map((machine) => damageOf(stateFile(directory, machine), record[machine])),
    damageOf(seedFile(directory), record.seed),
  ]);
  return faults.find((fault) => fault !== undefined);
}

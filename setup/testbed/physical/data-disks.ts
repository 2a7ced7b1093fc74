/** The data of benchmarks on a physical server: a directory on its own disk, with the disk of L1 in it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Cell } from '../../../fixtures/matrix.ts';
import { GUEST_DISK } from '../../../fixtures/storage.ts';
import { DiskFullError, UnsuitableError } from '../../lib/errors.ts';
import { lastLines } from '../../lib/error-text.ts';
import type { Machine } from '../../machine/machine.ts';
import { makeOwnDirectory, ownFolder, removeOwn } from './own-folder.ts';
import type { PhysicalMachinePlan } from './physical-plan.ts';

const MAKE_DISK = readFileSync(path.join(import.meta.dirname, 'machine/make-disk'), 'utf8');

/**
 * Of the level under test. mysql's table of 1,000,000 rows has 240 MB, the server's own files have 200, and ext4 takes
 * 100.
 */
const DISK_MIB = 1024;
/** A gigabyte on a slow disk that others use, too. */
const MAKE_SECONDS = 600;

const DIRECTORY = 'data';

/** Where the server has it. */
export function dataOn(directory: string): string {
  return `${ownFolder(directory)}/${DIRECTORY}`;
}

/**
 * Makes a new directory, and in it the disks of the cell's guests, one inside the other. Does nothing for a machine that
 * keeps data in memory.
 * @throws NESTBENCH_NO_SPACE; NESTBENCH_CHECK_FAILED with what the machine lacks.
 */
export async function makeDataDisks(
  machine: Machine,
  { name, dataDirectory, directory }: Pick<PhysicalMachinePlan, 'name' | 'dataDirectory' | 'directory'>,
  { level }: Pick<Cell, 'level'>,
  {
    signal,
    onStep,
  }: { readonly signal: AbortSignal; readonly onStep?: ((text: string) => void) | undefined },
): Promise<void> {
  if (dataDirectory === undefined) return;
  const own = await makeOwnDirectory(machine, directory, DIRECTORY, signal);
  if (level === 0) return;
  onStep?.(`making the data disks of ${level === 1 ? 'L1' : `L1 to L${level}`} on ${name}`);
  await makeDisk(
    machine,
    `${own}/${path.basename(GUEST_DISK)}`,
    { levels: level, mebibytes: DISK_MIB },
    signal,
  );
}

/** Makes a disk, with the disks of further levels in it. */
export async function makeDisk(
  machine: Machine,
  file: string,
  { levels, mebibytes }: { readonly levels: number; readonly mebibytes: number },
  signal: AbortSignal,
): Promise<void> {
  const argv = ['sh', '-c', MAKE_DISK, 'make-disk', file, String(levels), String(mebibytes)];
  const { exitCode, stderr } = await machine.run(argv, { signal, deadlineSeconds: MAKE_SECONDS });
  if (exitCode === 0) return;
  const output = lastLines(stderr);
  const why = /^nestbench: (.*)$/m.exec(stderr)?.[1] ?? output;
  const isFull = /No space left on device/.test(why);
  const facts = {
    message: `${machine.name} has no disk for the data of benchmarks: ${why}. ${isFull ? 'Make room there, name' : 'Fix that, name'} another "directory" in the testbed file, or set "storage: memory".`,
    machine: machine.name,
    output,
  };
  throw isFull ? new DiskFullError(facts) : new UnsuitableError(facts);
}

/** Removes them, for `npm run restore`. */
export function removeDataDisks(machine: Machine, directory: string, signal: AbortSignal): Promise<void> {
  return removeOwn(machine, directory, [DIRECTORY], signal);
}

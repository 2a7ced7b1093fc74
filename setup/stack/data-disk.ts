/** A level's disk for the data of benchmarks. On L0 it is a directory of the server's own (testbed/physical/machine). */
import { z } from 'zod';
import type { LevelFacts } from '../../fixtures/records.ts';
import { CheckError } from '../lib/errors.ts';
import type { Machine } from '../machine/machine.ts';
import type { UpMachine } from './machine-boot.ts';
import type { MachineNeeds } from './machine-plan.ts';

/** What a guest does with its disk once it is up. */
export function mountCommands(device: string, directory: string): [string[], string[]] {
  return [
    ['mkdir', '-p', directory],
    ['mount', '-t', 'ext4', device, directory],
  ];
}

/** Mounts the data disk of a guest that was just booted. Does nothing without one. */
export async function mountDataDisk(guest: UpMachine, signal: AbortSignal): Promise<UpMachine> {
  const { plan, machine, facts, phases } = guest;
  const { dataDevice, dataDirectory, deadlineSeconds } = plan;
  if (dataDevice === undefined || dataDirectory === undefined) return guest;
  for (const argv of mountCommands(dataDevice, dataDirectory))
    await machine.check(argv, { signal, deadlineSeconds });
  const dataDisk = await readDataDisk(plan, machine, signal);
  phases.lap(`${plan.name}: data disk`);
  return { ...guest, facts: { ...facts, ...dataDisk } };
}

const columns = z.tuple([z.string(), z.string(), z.coerce.number().int().positive()]);

/**
 * Reads which file system is there.
 * @throws NESTBENCH_CHECK_FAILED if it is in memory.
 */
export async function readDataDisk(
  { name, dataDirectory, deadlineSeconds }: Pick<MachineNeeds, 'name' | 'dataDirectory' | 'deadlineSeconds'>,
  machine: Machine,
  signal: AbortSignal,
): Promise<Pick<LevelFacts, 'dataDisk'>> {
  if (dataDirectory === undefined) return {};
  const argv = ['df', '--block-size=1', '--output=source,fstype,size', dataDirectory];
  const text = await machine.check(argv, { signal, deadlineSeconds });
  const [source, fileSystem, bytes] = parseDf(text);
  if (!IN_MEMORY.test(fileSystem)) return { dataDisk: { source, fileSystem, bytes } };
  throw new CheckError({
    message: `${name} should keep the data of benchmarks on a disk, but ${dataDirectory} is on ${fileSystem}, in memory. Name a "directory" of the server that is on a disk in the testbed file, or set "storage: memory" there.`,
    machine: name,
    output: text,
  });
}

/** The second line of its output; the first has the headings. */
export function parseDf(text: string): z.infer<typeof columns> {
  return columns.parse(text.split('\n')[1]?.trim().split(/ +/));
}

const IN_MEMORY = /^(tmpfs|ramfs|overlay|rootfs|devtmpfs)$/;

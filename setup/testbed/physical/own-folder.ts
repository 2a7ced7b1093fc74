/**
 * nestbench's own folder on a physical machine: a marker in it lists what nestbench wrote, and only that is ever
 * removed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DiskFullError, type NestbenchError, UnsuitableError } from '../../lib/errors.ts';
import { lastLines } from '../../lib/error-text.ts';
import type { Completed, Machine } from '../../machine/machine.ts';

const SCRIPT = readFileSync(path.join(import.meta.dirname, 'machine/own-folder'), 'utf8');
const SECONDS = 60;

/** Its path in the `directory` of the testbed file. */
export function ownFolder(directory: string): string {
  return `${directory}/nestbench`;
}

/**
 * A command that writes its standard input to the file `name` there, atomically, and checks its checksum if one is
 * given.
 */
export function writeArgv(directory: string, name: string, sha256?: string): string[] {
  return argvOf('write', directory, ...[name, sha256].filter((word) => word !== undefined));
}

export async function writeOwn(
  machine: Machine,
  directory: string,
  name: string,
  input: string,
  signal: AbortSignal,
): Promise<void> {
  await checked(machine, directory, writeArgv(directory, name), signal, input);
}

/**
 * Makes the empty directory `name` there; what it had before is removed.
 * @returns its path.
 */
export async function makeOwnDirectory(
  machine: Machine,
  directory: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  await checked(machine, directory, argvOf('tree', directory, name), signal);
  return `${ownFolder(directory)}/${name}`;
}

/** The text of a file that nestbench wrote; undefined if there is none of that name. */
export async function readOwn(
  machine: Machine,
  directory: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!(await listOwn(machine, directory, signal)).includes(name)) return undefined;
  const file = `${ownFolder(directory)}/${name}`;
  const { exitCode, stdout } = await machine.run(['cat', file], { signal, deadlineSeconds: SECONDS });
  return exitCode === 0 ? stdout : undefined;
}

/** The names of all files that nestbench wrote there. One whose writing was interrupted may be missing. */
export async function listOwn(machine: Machine, directory: string, signal: AbortSignal): Promise<string[]> {
  const text = await checked(machine, directory, argvOf('list', directory), signal);
  return text.split('\n').filter((line) => line !== '');
}

/**
 * Removes those of these files and directories that nestbench wrote, and with the last one the folder, unless another file is in it.
 */
export async function removeOwn(
  machine: Machine,
  directory: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await checked(machine, directory, argvOf('remove', directory, ...names), signal);
}

/** Why the folder can't be used; empty if it can, or can be created. */
export async function folderFault(machine: Machine, directory: string, signal: AbortSignal): Promise<string> {
  return (await checked(machine, directory, argvOf('check', directory), signal)).trim();
}

function argvOf(command: string, directory: string, ...words: string[]): string[] {
  return ['sh', '-c', SCRIPT, 'own-folder', command, directory, ...words];
}

async function checked(
  machine: Machine,
  directory: string,
  argv: readonly string[],
  signal: AbortSignal,
  input = '',
): Promise<string> {
  const completed = await machine.run(argv, { signal, deadlineSeconds: SECONDS, input });
  if (completed.exitCode !== 0) throw folderError(machine.name, directory, completed);
  return completed.stdout;
}

function folderError(name: string, directory: string, { exitCode, stderr }: Completed): NestbenchError {
  const output = lastLines(stderr);
  if (/No space left on device/.test(stderr)) {
    return new DiskFullError({
      message: `${name} has no room left at ${directory}, where nestbench keeps its files: ${output}. Make room there, or name another "directory" in the testbed file.`,
      machine: name,
      output,
    });
  }
  const why = /^nestbench: (.*)$/m.exec(stderr)?.[1] ?? output;
  return new UnsuitableError({
    message: `nestbench cannot keep its files on ${name}: ${why}. Nothing there was changed. Move it away, or name another "directory" in the testbed file.`,
    machine: name,
    exitCode,
    output,
  });
}

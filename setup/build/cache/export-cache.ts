/** Writes what a run boots from to one file, for import into another machine's cache. */
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { InputError, NoSpaceError } from '../../lib/errors.ts';
import { errorCode } from '../../lib/error-text.ts';
import { takeLock } from '../../lib/lock.ts';
import { whyUnusable } from '../../lib/places.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { artefactLock, cacheDirectory, holdCache } from './build-cache.ts';
import { countBytes } from './count-bytes.ts';
import {
  archiver,
  assertEnded,
  type ArtefactToExport,
  CREATE_TAR,
  digestOf,
  type ExportedArtefact,
  FORMAT,
  type Manifest,
  MANIFEST,
  memberOf,
} from './export-format.ts';

/** Of zstd's 1 to 22. 3 is its default, with which a disk is slower than the compression. */
const LEVEL = 3;

/** The name of the exports' lock and work directory. */
const EXPORT = 'export';

export interface ExportOptions {
  /** Its version. */
  readonly nestbench: string;
  readonly artefacts: readonly ArtefactToExport[];
  /** Whether an existing file may be overwritten. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes the export to a temporary file and renames it to `file`.
 * @returns its contents.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if the file already exists, or its folder does not.
 */
export async function exportCache(
  file: string,
  options: ExportOptions,
): Promise<Manifest & { size: number }> {
  const { signal, force } = options;
  assertPlace(file, force);
  await using held = new AsyncDisposableStack();
  held.use(await holdCache(signal));
  // One export at a time, so that the leftovers of another can be distinguished from a file that is being written.
  held.use(await takeLock(artefactLock(EXPORT), { signal }));
  await removeHalf(file);
  const staging = path.join(cacheDirectory(), `${EXPORT}.building-${process.pid}`);
  const half = `${file}.building-${process.pid}`;
  held.defer(async () => {
    await rm(staging, { recursive: true, force: true });
    await rm(half, { force: true });
  });
  try {
    const manifest = await describe(options);
    await mkdir(staging, { recursive: true });
    await writeFile(path.join(staging, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await pack(staging, half, manifest, signal);
    assertPlace(file, force);
    await rename(half, file);
    const { size } = await stat(file);
    reportProgress({ task: EXPORT, text: 'written', state: 'done', fraction: 1 });
    return { ...manifest, size };
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC') throw error;
    const message = `No space left while writing ${file}. Make room, or name a file on a roomier disk.`;
    throw new NoSpaceError({ message, cause: error });
  }
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if the file already exists or is a folder, or if its folder is missing
 * or not writable.
 */
export function assertPlace(file: string, force: boolean): void {
  if (!existsSync(path.dirname(file))) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `There is no folder ${path.dirname(file)} to write to.`,
    );
  }
  const why = whyUnusable(path.dirname(file));
  if (why !== undefined) {
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `${file} can't be written: ${why}.`);
  }
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `${file} is a folder. Name a file in it.`);
  }
  if (existsSync(file) && !force) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `${file} already exists. Select another name, or overwrite it with --force.`,
    );
  }
}

/** While the exports' lock is held, any temporary file was left by a killed export. */
async function removeHalf(file: string): Promise<void> {
  const directory = path.dirname(file);
  const begin = `${path.basename(file)}.building-`;
  for (const name of await readdir(directory)) {
    if (name.startsWith(begin) && /^\d+$/.test(name.slice(begin.length)))
      await rm(path.join(directory, name), { force: true });
  }
}

async function describe(options: ExportOptions): Promise<Manifest> {
  const { nestbench, signal } = options;
  const artefacts: ExportedArtefact[] = [];
  for (const artefact of options.artefacts) {
    reportProgress({ task: EXPORT, text: 'reading the artefacts', state: 'running', fraction: 0 });
    artefacts.push({ ...artefact, ...(await digestOf(cacheDirectory(), artefact, signal)) });
  }
  return { format: FORMAT, nestbench, madeAt: new Date().toISOString(), artefacts };
}

async function pack(
  staging: string,
  half: string,
  { artefacts }: Manifest,
  signal: AbortSignal,
): Promise<void> {
  const tar = archiver(
    [
      ...CREATE_TAR,
      `--directory=${staging}`,
      MANIFEST,
      `--directory=${cacheDirectory()}`,
      ...artefacts.map(memberOf),
    ],
    signal,
  );
  const total = artefacts.reduce((sum, { bytes }) => sum + bytes, 0);
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 };
  const written = pipeline(
    tar.stdout,
    countBytes(EXPORT, 'packing', total),
    createZstdCompress({ params }),
    createWriteStream(half, { flags: 'wx', flush: true }),
    { signal },
  );
  // Both are awaited: if the file can't be written, tar ends too.
  const [streamed, ended] = await Promise.allSettled([written, tar]);
  if (streamed.status === 'rejected' && !signal.aborted) throw streamed.reason;
  if (ended.status === 'rejected') throw ended.reason;
  assertEnded(ended.value, 'Packing the export', signal);
}

/** Writes what a run boots from into one file, which another machine's cache can import. */
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { InputError, NoSpaceError } from '../../lib/errors.ts';
import { errorCode } from '../../lib/error-text.ts';
import { takeLock } from '../../lib/lock.ts';
import { whyUnusable } from '../../lib/places.ts';
import { tell } from '../../lib/task-progress.ts';
import { artefactLock, cacheDirectory, holdCache } from './build-cache.ts';
import { countBytes } from './count-bytes.ts';
import {
  archiver,
  assertEnded,
  type Chosen,
  CREATE_TAR,
  digestOf,
  type ExportedArtefact,
  FORMAT,
  type Manifest,
  MANIFEST,
  memberOf,
} from './export-format.ts';

/** Of zstd's 1 to 22; 3 is its default, at which a disk is the slower part. */
const LEVEL = 3;

/** The lock of exports, and the name of where they work. */
const EXPORT = 'export';

export interface ExportOptions {
  /** Its version. */
  readonly nestbench: string;
  readonly artefacts: readonly Chosen[];
  /** Whether a file that is there may be replaced. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes the export beside `file` and renames it into place.
 * @returns what it holds.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING where the file is there already, or its folder is not.
 */
export async function exportCache(
  file: string,
  options: ExportOptions,
): Promise<Manifest & { size: number }> {
  const { signal, force } = options;
  assertPlace(file, force);
  await using held = new AsyncDisposableStack();
  held.use(await holdCache(signal));
  // One export after the other, so that what another left half written can be told from what one is writing.
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
    tell({ task: EXPORT, text: 'written', state: 'done', fraction: 1 });
    return { ...manifest, size };
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC') throw error;
    const message = `No space left while writing ${file}. Make room, or name a file on a roomier disk.`;
    throw new NoSpaceError({ message, cause: error });
  }
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING where the file is there already or is a folder, or where its folder is not
 * there or can't be written to.
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
      `${file} is there already. Choose another name, or replace it with --force.`,
    );
  }
}

/** Under the lock of exports, whatever one was writing to was left by one that was killed. */
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
    tell({ task: EXPORT, text: 'reading what is exported', state: 'running', fraction: 0 });
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
  // Both are awaited: where the file can't be written, tar ends too.
  const [streamed, ended] = await Promise.allSettled([written, tar]);
  if (streamed.status === 'rejected' && !signal.aborted) throw streamed.reason;
  if (ended.status === 'rejected') throw ended.reason;
  assertEnded(ended.value, 'Packing the export', signal);
}

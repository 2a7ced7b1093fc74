/** Imports the artefacts of an export into the cache. All of them are checked before any gets its name. */
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, readlink, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { plainText } from '../../../fixtures/plain-text.ts';
import { InputError, type NestbenchError } from '../../lib/errors.ts';
import { aborted, errorCode } from '../../lib/error-text.ts';
import { CacheFullError } from '../build-errors.ts';
import { inBytes } from '../../lib/bytes.ts';
import { takeLock } from '../../lib/lock.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import {
  artefactLock,
  cacheDirectory,
  changedFacts,
  flush,
  holdCache,
  makeDurable,
  type Provenance,
  readProvenance,
  removeLeftovers,
} from './build-cache.ts';
import { countBytes } from './count-bytes.ts';
import {
  anyManifest,
  archiver,
  digestOf,
  type ExportedArtefact,
  FORMAT,
  labelOf,
  type Manifest,
  MANIFEST,
  manifestRecord,
  memberOf,
  MAX_MANIFEST_BYTES,
} from './export-format.ts';
import { hashOf } from '../../lib/hash.ts';
import { contentsOf } from './ingredients.ts';

/** The name of the imports' lock and work directory. */
const IMPORT = 'import';

export interface Imported {
  readonly manifest: Manifest;
  readonly added: readonly ExportedArtefact[];
  /** The existing artefacts, which were kept. */
  readonly kept: readonly ExportedArtefact[];
  /** Of the existing ones: `toolchain-HASH: gcc-14 14.2.0-20 is 14.2.0-19`, from the export to the cache. */
  readonly differing: readonly string[];
}

/**
 * Adds what the cache lacks.
 * @throws {InputError} NESTBENCH_BAD_EXPORT for a file that is not an export, or is damaged.
 */
export async function importCache(file: string, signal: AbortSignal): Promise<Imported> {
  const manifest = await readManifest(file, signal);
  await using held = new AsyncDisposableStack();
  held.use(await holdCache(signal));
  held.use(await takeLock(artefactLock(IMPORT), { signal }));
  await removeLeftovers(IMPORT);
  const wanted = manifest.artefacts.filter((artefact) => !isHere(artefact));
  const kept = manifest.artefacts.filter(isHere);
  if (wanted.length === 0) return { manifest, added: [], kept, differing: differencesOf(kept) };

  const staging = path.join(cacheDirectory(), `${IMPORT}.building-${process.pid}`);
  held.defer(() => rm(staging, { recursive: true, force: true }));
  await mkdir(staging, { recursive: true, mode: 0o700 });
  await assertSpace(wanted);
  await unpack(file, staging, manifest, wanted, signal);
  for (const artefact of wanted) await check(file, staging, artefact, signal);

  const added: ExportedArtefact[] = [];
  for (const artefact of wanted) {
    const isNew = await place(staging, artefact, signal);
    (isNew ? added : kept).push(artefact);
  }
  await flush(cacheDirectory());
  reportProgress({ task: IMPORT, text: 'added to the cache', state: 'done', fraction: 1 });
  return { manifest, added, kept, differing: differencesOf(kept) };
}

/** A build would not use a directory without provenance. */
function isHere(artefact: ExportedArtefact): boolean {
  const here = readProvenance(path.join(cacheDirectory(), labelOf(artefact)));
  return here !== undefined && !isCompletedBy(artefact, here);
}

/** Whether the cache has only its provenance, and the export has its contents, in the same versions. */
function isCompletedBy(artefact: ExportedArtefact, here: Provenance): boolean {
  if (artefact.contents === 'provenance' || contentsOf(labelOf(artefact)) === 'whole') return false;
  return changedFacts(artefact.facts, here.facts) === '';
}

/**
 * How the cache's artefact differs from the export's of the same name: a toolchain is named by its packages, not their
 * versions.
 */
function differencesOf(kept: readonly ExportedArtefact[]): string[] {
  return kept.flatMap((artefact) => {
    const label = labelOf(artefact);
    const here = readProvenance(path.join(cacheDirectory(), label));
    const changed = here === undefined ? '' : changedFacts(artefact.facts, here.facts);
    return changed === '' ? [] : [`${label}: ${changed}`];
  });
}

/** The manifest, which comes first. */
async function readManifest(file: string, signal: AbortSignal): Promise<Manifest> {
  const about = await stat(file).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new InputError('NESTBENCH_BAD_EXPORT', `There is no file ${file}.`);
  });
  if (!about.isFile()) throw bad(file, 'it is not a file');
  const begin = await firstBytes(file, signal);
  const tar = archiver(['tar', '--extract', '--to-stdout', '--occurrence=1', MANIFEST], signal);
  const [ended, text] = await Promise.all([
    tar,
    tar.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    // tar closes its input once it has the manifest, or has noticed that this is not a tar.
    pipeline(Readable.from([begin]), tar.stdin).catch(() => {}),
  ]);
  if (signal.aborted) throw aborted(signal, `reading ${file}`);
  if (ended.exitCode !== 0) throw bad(file, 'it has no manifest');
  const content = parsed(text);
  const any = anyManifest.safeParse(content);
  if (any.success && any.data.format > FORMAT) {
    throw bad(
      file,
      `it was written by a newer nestbench, ${any.data.nestbench}, in format ${any.data.format}; this one reads format ${FORMAT}`,
    );
  }
  const manifest = manifestRecord.safeParse(content);
  if (!manifest.success) throw bad(file, 'its manifest does not have the expected fields');
  const labels = manifest.data.artefacts.map(labelOf);
  if (new Set(labels).size < labels.length) throw bad(file, 'its manifest names an artefact twice');
  return manifest.data;
}

/** The beginning of the tar, up to the maximum size of a manifest. */
async function firstBytes(file: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const decompress = createZstdDecompress();
  const compressed = createReadStream(file, { signal });
  compressed.on('error', (error) => decompress.destroy(error)).pipe(decompress);
  try {
    for await (const chunk of decompress) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > 2 * MAX_MANIFEST_BYTES) break;
    }
  } catch (error) {
    if (signal.aborted) throw aborted(signal, `reading ${file}`);
    // The file may be unreadable, or its disk may have failed: that says nothing about the file.
    if (error instanceof Error && 'syscall' in error) throw error;
    // The beginning of a truncated file still shows what it was.
    if (bytes === 0) throw bad(file, 'it is not compressed like an export');
  }
  compressed.destroy();
  return Buffer.concat(chunks);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function assertSpace(wanted: readonly ExportedArtefact[]): Promise<void> {
  const needed = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(cacheDirectory());
  if (bavail * bsize >= needed) return;
  throw noSpace(`The import needs ${inBytes(needed)}, and ${inBytes(bavail * bsize)} are free`);
}

/** Only the wanted members; the rest of the file is ignored. */
async function unpack(
  file: string,
  staging: string,
  manifest: Manifest,
  wanted: readonly ExportedArtefact[],
  signal: AbortSignal,
): Promise<void> {
  const argv = [
    'tar',
    '--extract',
    `--directory=${staging}`,
    '--no-same-owner',
    '--preserve-permissions',
    // Reads up to the end of the file, so that it never closes its input while data is still being sent.
    '--ignore-zeros',
    // Never overwrites what came earlier in the same file: no link in place of a directory.
    '--keep-old-files',
    ...wanted.map(memberOf),
  ];
  const tar = archiver(argv, signal);
  const { size } = await stat(file);
  const max = manifest.artefacts.reduce((sum, { bytes }) => sum + bytes, 0) + MAX_MANIFEST_BYTES;
  let isDamaged = false;
  const decompress = createZstdDecompress();
  const sent = pipeline(
    createReadStream(file),
    countBytes(IMPORT, 'unpacking', size),
    // The pipeline may instead report that tar's input was closed.
    decompress.on('error', (error) => (isDamaged ||= errorCode(error)?.startsWith('Z') ?? false)),
    limited(max, () => (isDamaged = true)),
    tar.stdin,
    { signal },
  );
  tar.stdout.resume();
  const [streamed, ended] = await Promise.allSettled([sent, tar]);
  if (signal.aborted) throw aborted(signal, `importing ${file}`);
  if (isDamaged) throw bad(file, 'it is truncated, or was changed');
  if (ended.status === 'rejected') throw ended.reason;
  const { exitCode, stderr } = ended.value;
  const output = Buffer.from(stderr).toString();
  if (output.includes('No space left on device')) throw noSpace(`The import of ${file} did not fit`);
  if (exitCode !== 0) {
    // tar also reports which leading parts of names it removes, which is not an error.
    const why = output.split('\n').find((line) => !line.includes('Removing leading'));
    throw bad(file, `tar refuses it: ${plainText(why ?? '')}`);
  }
  if (streamed.status === 'rejected') throw streamed.reason;
}

/** Fails if there is more data than in the manifest: a small compressed file can fill any disk. */
function limited(max: number, onMore: () => void) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > max) {
        onMore();
        throw new RangeError(`more than ${max} bytes`);
      }
      yield chunk;
    }
  };
}

/** Checks everything that the manifest and the provenance say about an artefact. */
async function check(
  file: string,
  staging: string,
  artefact: ExportedArtefact,
  signal: AbortSignal,
): Promise<void> {
  const label = labelOf(artefact);
  reportProgress({ task: IMPORT, text: 'checking the unpacked artefacts', state: 'running', fraction: 1 });
  const foreign = await outside(path.join(staging, label), label);
  if (foreign !== undefined) throw bad(file, foreign);
  const { bytes, sha256 } = await digestOf(staging, artefact, signal);
  if (bytes !== artefact.bytes || sha256 !== artefact.sha256) {
    throw bad(file, `${label} does not match its manifest: it was changed`);
  }
  const provenance = readProvenance(path.join(staging, label));
  if (provenance === undefined) throw bad(file, `${label} has no provenance`);
  const { name, hash, inputs, facts } = provenance;
  const isFaithful = changedFacts(artefact.facts, facts) === '';
  if (`${name}-${hash}` !== label || hashOf(inputs) !== hash || !isFaithful) {
    throw bad(file, `${label} does not match the inputs in its name`);
  }
}

/** The first thing below `entry` that is not a file, a directory or a link that stays inside; undefined without one. */
async function outside(entry: string, shown: string, depth = 0): Promise<string | undefined> {
  const about = await lstat(entry);
  if (about.isSymbolicLink()) {
    const target = await readlink(entry);
    return ROOTS.test(shown) || staysInside(target, depth)
      ? undefined
      : `${shown} is a link to ${target}, outside the artefact`;
  }
  if (about.isFile()) return undefined;
  if (!about.isDirectory()) return `${shown} is neither a file nor a directory`;
  for (const name of await readdir(entry)) {
    const found = await outside(path.join(entry, name), `${shown}/${name}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A root file system: its links are valid once it is entered. */
const ROOTS = /^toolchain-[\da-f]{16}\/root\//;

/**
 * A relative target that first goes up by less than `depth` directories, and then only down. A component may be a link.
 */
function staysInside(target: string, depth: number): boolean {
  if (path.isAbsolute(target)) return false;
  const parts = target.split('/');
  const down = parts.findIndex((part) => part !== '..');
  const climbed = down === -1 ? parts.length : down;
  return climbed < depth && !parts.slice(climbed).includes('..');
}

/**
 * @returns false if another process was faster.
 */
async function place(staging: string, artefact: ExportedArtefact, signal: AbortSignal): Promise<boolean> {
  const label = labelOf(artefact);
  const staged = path.join(staging, label);
  await makeDurable(staged, IMPORT);
  await using held = new AsyncDisposableStack();
  held.use(await takeLock(artefactLock(label), { signal }));
  if (isHere(artefact)) return false;
  const whole = path.join(cacheDirectory(), label);
  // At most its provenance, which is also in the import, or the rest of an interrupted removal.
  await rm(whole, { recursive: true, force: true });
  await rename(staged, whole);
  return true;
}

function bad(file: string, why: string): InputError {
  return new InputError('NESTBENCH_BAD_EXPORT', `${file} can't be imported: ${why}. The cache is unchanged.`);
}

function noSpace(what: string): NestbenchError {
  return new CacheFullError({ found: `${what} in ${cacheDirectory()}`, outcome: 'The cache is unchanged.' });
}

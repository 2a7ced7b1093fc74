/**
 * The snapshots in the cache: `snapshots/CELL-HASH/`, where HASH covers everything that affects one. A snapshot is made
 * in `CELL-HASH.saving-NAMESPACE-PID/`, and gets its name only after a successful restore.
 */
import { existsSync, globSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../../../build/cache/build-cache.ts';
import { errorCode } from '../../../lib/error-text.ts';
import { inBytes } from '../../../lib/bytes.ts';
import { pidNamespace } from '../../../lib/proc.ts';
import { type Identity, snapshotName } from './identity.ts';
import { seedFile } from '../../../stack/keys.ts';
import { HOST_MACHINES, type SnapshotRecord, snapshotRecord } from './snapshot-record.ts';
import { stateFile, storedBytes } from './saved-files.ts';

/** Their directory in the cache. */
export const SNAPSHOTS = 'snapshots';
const RECORD_FILE = 'snapshot.json';
const SAVING = /\.saving-(\d+)-(\d+)$/;
/** Containers may share the cache: a process of another pid namespace can't be seen, and no save takes this long. */
const SAVING_AT_MOST_MS = 3_600_000;

/** A month: since then the host has probably changed in more ways than its identity shows. */
const OLDEST_DAYS = 30;
const DAY_MS = 86_400_000;

/** A snapshot in the cache. */
export interface Snapshot {
  /** `CELL-HASH`. */
  readonly name: string;
  readonly directory: string;
  readonly record: SnapshotRecord;
}

export function snapshotsDirectory(): string {
  return path.join(cacheDirectory(), SNAPSHOTS);
}

/** Everything that a restore reads, besides the record. */
function filesOf(directory: string): string[] {
  return [seedFile(directory), ...HOST_MACHINES.map((machine) => stateFile(directory, machine))];
}

/**
 * Looks for the snapshot of that identity. Drops those of the cell that nobody can use any more.
 * @param say called with each that is dropped, and why.
 */
export async function findSnapshot(
  cell: string,
  identity: Identity,
  say: (sentence: string) => void,
): Promise<Snapshot | undefined> {
  await sweepPlaces();
  const wanted = snapshotName(cell, identity);
  let found: Snapshot | undefined;
  for (const name of names().filter((one) => one.startsWith(`${cell}-`) && !SAVING.test(one))) {
    const directory = path.join(snapshotsDirectory(), name);
    const read = readSnapshot(name, directory);
    const fault = 'fault' in read ? read.fault : obsolete(read.record, identity);
    if (fault !== undefined) {
      say(`The snapshot ${name} is dropped: ${fault}.`);
      await dropSnapshot(directory);
    } else if ('record' in read && name === wanted) found = read;
  }
  return found;
}

function readSnapshot(name: string, directory: string): Snapshot | { readonly fault: string } {
  let text: string;
  try {
    text = readFileSync(path.join(directory, RECORD_FILE), 'utf8');
  } catch (error) {
    return { fault: `its record can't be read (${errorCode(error) ?? 'unknown'})` };
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { fault: 'its record is no JSON' };
  }
  const parsed = snapshotRecord.safeParse(content);
  if (!parsed.success) return { fault: 'its record is of another nestbench, or damaged' };
  const missing = filesOf(directory).find((file) => !existsSync(file));
  if (missing !== undefined) return { fault: `${path.basename(missing)} is not there` };
  return { name, directory, record: parsed.data };
}

/** Why nobody can use it any more; undefined if it may still be useful, perhaps to another variant. */
function obsolete(record: SnapshotRecord, now: Identity): string | undefined {
  const days = (Date.now() - Date.parse(record.madeAt)) / DAY_MS;
  if (days > OLDEST_DAYS) return `it is ${Math.floor(days)} days old, and the maximum is ${OLDEST_DAYS}`;
  const { identity } = record;
  if (identity['format'] !== now['format']) return 'it was made by another version of nestbench';
  // Its first word is the same for every version of one QEMU.
  const [was, is] = [identity['qemu'] ?? '', now['qemu'] ?? ''];
  if (was !== is && was.split(' ')[0] === is.split(' ')[0]) {
    return `it was saved by another QEMU (${was}), and this run has ${is}`;
  }
  return undefined;
}

/** An empty directory for a new snapshot. */
export async function newPlace(name: string): Promise<string> {
  await sweepPlaces();
  const place = path.join(snapshotsDirectory(), `${name}.saving-${namespaceNumber()}-${process.pid}`);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true, mode: 0o700 });
  return place;
}

export async function writeRecord(place: string, record: SnapshotRecord): Promise<void> {
  await writeFile(path.join(place, RECORD_FILE), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** Gives a snapshot its name, after it was restored. If another run was faster, that run's is kept. */
export async function keepSnapshot(place: string, name: string): Promise<void> {
  try {
    await rename(place, path.join(snapshotsDirectory(), name));
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    await dropSnapshot(place);
  }
}

export async function dropSnapshot(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** Marks it as used now; the least recently used are dropped first. Another run may have dropped it meanwhile. */
export function touchSnapshot({ directory }: Snapshot): void {
  const now = new Date();
  try {
    utimesSync(path.join(directory, RECORD_FILE), now, now);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Drops the least recently used until all together have at most `limitBytes`. `except` is kept. */
export async function pruneSnapshots(
  limitBytes: number,
  except: string,
  say: (sentence: string) => void,
): Promise<void> {
  const all = names()
    .filter((name) => !SAVING.test(name))
    .map((name) => path.join(snapshotsDirectory(), name))
    .map(usage)
    .toSorted((one, other) => one.used - other.used);
  let sum = all.reduce((total, { bytes }) => total + bytes, 0);
  for (const { directory, bytes } of all) {
    const name = path.basename(directory);
    if (sum <= limitBytes) return;
    if (name === except) continue;
    say(
      `The snapshot ${name} is dropped: all have ${inBytes(sum)}, and the maximum is ${inBytes(limitBytes)}.`,
    );
    await dropSnapshot(directory);
    sum -= bytes;
  }
}

/** Another run may drop the snapshot meanwhile; it has nothing then. */
function usage(directory: string): { directory: string; bytes: number; used: number } {
  const files = globSync('*', { cwd: directory }).map((name) => path.join(directory, name));
  return {
    directory,
    bytes: files.map(storedBytes).reduce((sum, bytes) => sum + bytes, 0),
    used: statSync(path.join(directory, RECORD_FILE), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  };
}

/** Removes the unfinished snapshots of processes that have ended. */
async function sweepPlaces(): Promise<void> {
  for (const name of names()) {
    const [saving, namespace, pid] = SAVING.exec(name) ?? [];
    if (saving === undefined) continue;
    const directory = path.join(snapshotsDirectory(), name);
    const isOver =
      namespace === namespaceNumber()
        ? !existsSync(`/proc/${pid}`)
        : Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0) > SAVING_AT_MOST_MS;
    if (isOver) await dropSnapshot(directory);
  }
}

function namespaceNumber(): string {
  return pidNamespace().replaceAll(/\D/g, '');
}

function names(): string[] {
  return existsSync(snapshotsDirectory()) ? readdirSync(snapshotsDirectory()) : [];
}

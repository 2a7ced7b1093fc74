/**
 * The cache of builds: `$XDG_CACHE_HOME/nestbench/NAME-HASH/`, where HASH covers everything that affects the artefact.
 * An artefact is built in `NAME-HASH.building-PID/`, synced to disk and renamed: a directory without that ending is
 * complete, whenever and however the build was stopped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { type NestbenchError, toNestbenchError } from '../../lib/errors.ts';
import { aborted } from '../../lib/error-text.ts';
import { BuildError, CacheBusyError, CacheFullError } from '../build-errors.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { cacheDirectory } from '../../lib/cache-directory.ts';
import { hashOf, type Inputs } from '../../lib/hash.ts';
import { describeHolders, isHeldHere, type Lock, takeLock, tryLock } from '../../lib/lock.ts';

export { cacheDirectory };

export const PROVENANCE_FILE = 'provenance.json';
const BUILDING = /^(.+)\.building-\d+$/;

/** The provenance of an artefact, kept inside it. */
const provenanceRecord = z.object({
  name: z.string(),
  hash: z.string(),
  inputs: z.json(),
  madeAt: z.iso.datetime(),
  seconds: z.number(),
  /** Facts found by its build, mostly versions. */
  facts: z.record(z.string(), z.string()),
});
export type Provenance = z.infer<typeof provenanceRecord>;

/** Where a build works, and what it may use. */
export interface Workplace {
  /** The progress line's task, which ends when the build does. */
  readonly task: string;
  /** Everything that it leaves here becomes the artefact. */
  readonly directory: string;
  /** The complete output of the tools; kept if the build fails. */
  readonly log: string;
  readonly signal: AbortSignal;
}

export interface Artefact {
  readonly directory: string;
  readonly hash: string;
  readonly facts: Provenance['facts'];
}

export interface Recipe {
  readonly name: string;
  /** As progress and errors call it; by default its name. */
  readonly task?: string;
  readonly inputs: Inputs;
  readonly build: (workplace: Workplace) => Promise<Record<string, string>>;
  readonly signal: AbortSignal;
}

export function isCached({ name, inputs }: Pick<Recipe, 'name' | 'inputs'>): boolean {
  return readArtefact(path.join(cacheDirectory(), `${name}-${hashOf(inputs)}`)) !== undefined;
}

/**
 * The artefact for these inputs: from the cache, from another process that is already building it, or built now. Once
 * the signal is aborted, only an existing one is returned.
 */
export async function cached(recipe: Recipe): Promise<Artefact> {
  const hash = hashOf(recipe.inputs);
  const label = `${recipe.name}-${hash}`;
  const whole = path.join(cacheDirectory(), label);
  const found = readArtefact(whole);
  if (found !== undefined) return found;

  await using _ = await holdToBuild(recipe, label);
  // Awaited here, because the locks are freed when this returns.
  return readArtefact(whole) ?? (await build(recipe, hash, whole));
}

/**
 * The artefact with its contents. For {@link cached} the provenance is enough, which may be all that an import added.
 * Then it is built again, and a change of its versions is reported.
 * @param content a path in its directory that only a complete artefact has.
 */
export async function cachedWhole(recipe: Recipe, content: string): Promise<Artefact> {
  const found = await cached(recipe);
  const isWhole = (): boolean => existsSync(path.join(found.directory, content));
  if (isWhole()) return found;
  await using _ = await holdToBuild(recipe, path.basename(found.directory));
  if (isWhole()) return cached(recipe);
  const made = await build(recipe, found.hash, found.directory);
  const changed = changedFacts(found.facts, made.facts);
  if (changed !== '') {
    const text = `rebuilt, because the import had only its provenance; its versions have changed: ${changed}`;
    reportProgress({ task: recipe.name, text, state: 'done', lasting: true });
  }
  return made;
}

/** Holds the cache and the artefact's lock. Reports the wait if another process is building the artefact. */
async function holdToBuild({ name, signal }: Recipe, label: string): Promise<AsyncDisposableStack> {
  if (signal.aborted) throw aborted(signal, `building the ${name}`, { machine: 'host' });
  await using held = new AsyncDisposableStack();
  held.use(await holdCache(signal));
  const onWait = (holders: string): void => {
    // Two concurrent builds need it: the one that builds it reports the progress.
    if (isHeldHere(artefactLock(label))) return;
    reportProgress({ task: name, text: `waiting for ${holders}, which is building it`, state: 'running' });
    held.defer(() => reportProgress({ task: name, text: 'no longer waiting', state: 'done' }));
  };
  held.use(await takeLock(artefactLock(label), { signal, onWait }));
  return held.move();
}

/**
 * The differences between the facts of one name: `gcc-14 14.2.0-19 is 14.2.0-20, bison is gone`. Only the first few.
 */
export function changedFacts(was: Provenance['facts'], is: Provenance['facts']): string {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => was[key] !== is[key]);
  const shown = names.slice(0, MAX_CHANGES).map((key) => {
    if (was[key] === undefined) return `${key} ${is[key]} is new`;
    return is[key] === undefined ? `${key} is gone` : `${key} ${was[key]} is ${is[key]}`;
  });
  const others = names.length - shown.length;
  return [...shown, ...(others > 0 ? [`and ${others} more`] : [])].join(', ');
}

/** The number that fits on one line. */
const MAX_CHANGES = 5;

async function build(recipe: Recipe, hash: string, whole: string): Promise<Artefact> {
  const { name, task = name, inputs, signal } = recipe;
  const started = new Date();
  await removeLeftovers(path.basename(whole));
  const directory = `${whole}.building-${process.pid}`;
  const log = path.join(cacheDirectory(), 'logs', `${path.basename(whole)}.log`);
  await mkdir(directory, { recursive: true });
  await mkdir(path.dirname(log), { recursive: true });
  await rm(log, { force: true });
  try {
    const facts = await recipe.build({ task, directory, log, signal });
    const seconds = (Date.now() - started.getTime()) / 1000;
    const provenance = { name, hash, inputs, madeAt: started.toISOString(), seconds, facts };
    await writeFile(path.join(directory, PROVENANCE_FILE), `${JSON.stringify(provenance, undefined, 2)}\n`);
    if (existsSync(log)) await rename(log, path.join(directory, 'build.log'));
    await makeDurable(directory, task);
    // Only its provenance, if an import added no more.
    await rm(whole, { recursive: true, force: true });
    await rename(directory, whole);
    await flush(path.dirname(whole));
    return { directory: whole, hash, facts };
  } catch (thrown) {
    const failure = failed(name, thrown);
    reportProgress({ task, text: failure.message.split('\n')[0] ?? '', state: 'failed' });
    if (signal.aborted) await rm(log, { force: true });
    await rm(directory, { recursive: true, force: true });
    throw failure;
  }
}

/** A person has to make room on a full disk; everything else is as it was thrown. */
function failed(name: string, thrown: unknown): NestbenchError {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC') {
    const found = `No space left while building the ${name} in ${cacheDirectory()}`;
    return new CacheFullError({ found, cause: thrown });
  }
  return toNestbenchError(thrown);
}

function readArtefact(directory: string): Artefact | undefined {
  const provenance = readProvenance(directory);
  if (provenance === undefined) return undefined;
  const { hash, facts } = provenance;
  return { directory, hash, facts };
}

/** Undefined if the directory has no complete artefact. */
export function readProvenance(directory: string): Provenance | undefined {
  const file = path.join(directory, PROVENANCE_FILE);
  if (!existsSync(file)) return undefined;
  return provenanceRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Marks the cache as in use, so that `npm run clean` refuses. A run holds it while it runs. */
export async function holdCache(signal: AbortSignal): Promise<Lock> {
  return takeLock(cacheLock(), { shared: true, signal });
}

function cacheLock(): string {
  return path.join(cacheDirectory(), 'lock');
}

export function artefactLock(label: string): string {
  return path.join(cacheDirectory(), 'locks', `${label}.lock`);
}

/**
 * Removes what killed builds left: any `.building-PID` whose lock is free.
 * @returns the names of what was removed.
 */
export async function sweepCache(): Promise<string[]> {
  const labels = new Set(
    entries()
      .map((name) => BUILDING.exec(name)?.[1])
      .filter((label) => label !== undefined),
  );
  const removed: string[] = [];
  for (const label of labels) {
    await using lock = await tryLock(artefactLock(label));
    if (lock !== undefined) removed.push(...(await removeLeftovers(label)));
  }
  return removed;
}

/** Removes an artefact that nothing will ask for again, unless another process is at work on it. */
export async function dropArtefact(label: string): Promise<void> {
  await using lock = await tryLock(artefactLock(label));
  const whole = path.join(cacheDirectory(), label);
  if (lock === undefined || !existsSync(whole)) return;
  // Under the name of a leftover, which it then is if this process is killed.
  const leftover = `${whole}.building-${process.pid}`;
  await rename(whole, leftover);
  await rm(leftover, { recursive: true, force: true });
}

/** While the artefact's lock is held, every directory for building it is a leftover. */
export async function removeLeftovers(label: string): Promise<string[]> {
  const leftovers = entries().filter((name) => BUILDING.exec(name)?.[1] === label);
  for (const name of leftovers) await rm(path.join(cacheDirectory(), name), { recursive: true, force: true });
  return leftovers;
}

export function entries(): string[] {
  return existsSync(cacheDirectory()) ? readdirSync(cacheDirectory()) : [];
}

/**
 * Empties the cache.
 * @param only the entries to remove; by default all.
 * @returns how many bytes of disk that freed.
 * @throws {NestbenchError} NESTBENCH_TESTBED_BUSY if a build or a run uses it.
 */
export async function emptyCache(only?: readonly string[]): Promise<number> {
  if (!existsSync(cacheDirectory())) return 0;
  await using lock = await tryLock(cacheLock());
  if (lock === undefined) {
    const message = `${cacheDirectory()} is used by ${describeHolders(cacheLock())}. Wait until that ends, or end it, then clean again.`;
    throw new CacheBusyError({ message });
  }
  let freed = 0;
  for (const name of entries()) {
    const entry = path.join(cacheDirectory(), name);
    if (entry === cacheLock() || only?.includes(name) === false) continue;
    freed += await diskBytes(entry);
    await rm(entry, { recursive: true, force: true });
  }
  return freed;
}

/** The disk usage of a file or directory, in bytes: st_blocks counts units of 512 (stat(2)). */
export async function diskBytes(entry: string): Promise<number> {
  const stat = await lstat(entry);
  let sum = stat.blocks * 512;
  if (stat.isDirectory())
    for (const name of await readdir(entry)) sum += await diskBytes(path.join(entry, name));
  return sum;
}

/**
 * Syncs everything in a directory to disk, so that a rename never precedes its contents. This is one call for the whole
 * file system (syncfs(2)): an fsync of each of a toolchain's 10,700 files took 21 s, the one call 0.5 s.
 * @param task the name in progress lines.
 */
export async function makeDurable(directory: string, task: string): Promise<void> {
  let isReported = false;
  const slow = setTimeout(() => {
    isReported = true;
    reportProgress({ task, text: 'flushing to disk', state: 'running' });
  }, REPORT_AFTER_MS);
  const { exitCode, stderr } = await execa('sync', ['-f', directory], { reject: false });
  clearTimeout(slow);
  if (isReported) reportProgress({ task, text: 'flushed to disk', state: 'done' });
  if (exitCode === 0) return;
  throw new BuildError({
    message: `${directory} was not written to the disk: ${stderr}. Check whether the disk is full or damaged, then start again.`,
    machine: 'host',
    output: stderr,
  });
}

/** Everything over two seconds is reported. */
const REPORT_AFTER_MS = 1000;

export async function flush(entry: string): Promise<void> {
  await using file = await open(entry, 'r');
  await file.sync();
}

/** Where a run keeps things: the cache, sockets and keys, the results. Looked at before anything is built. */
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory } from '../build/cache-directory.ts';
import { InputError, sentenceOf } from '../errors.ts';

export interface PlaceFault {
  readonly place: 'cache' | 'temporary files' | 'results' | 'JUnit report';
  /** A sentence. */
  readonly fault: string;
  /** The variable that names another. */
  readonly variable: string;
}

/**
 * Why nothing can be kept in `directory`, which need not be there yet; undefined where it can. Nothing is left of the trial.
 * One level is made at a time, since Node's own recursive mkdir never ends where a file system refuses with ENOENT (/proc).
 */
export function whyUnusable(directory: string): string | undefined {
  const made: string[] = [];
  try {
    for (const each of missingLevels(path.resolve(directory))) {
      mkdirSync(each);
      made.unshift(each);
    }
    rmdirSync(mkdtempSync(path.join(directory, '.nestbench-')));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const each of made) removeIfEmpty(each);
  }
}

/** All that is wrong with them. */
export function placeFaults(resultsDirectory: string, junitFile: string | undefined): PlaceFault[] {
  const places = [
    { place: 'cache', variable: 'XDG_CACHE_HOME', why: cacheFault },
    { place: 'temporary files', variable: 'TMPDIR', why: temporaryFault },
    { place: 'results', variable: 'RESULTS', why: () => within(resultsDirectory) },
    { place: 'JUnit report', variable: 'JUNIT', why: () => junitFault(junitFile) },
  ] as const;
  return places.flatMap(({ place, variable, why }) => {
    const fault = why();
    return fault === undefined ? [] : [{ place, variable, fault }];
  });
}

/** @throws {InputError} NESTBENCH_UNKNOWN_SETTING for the first fault. */
export function checkPlaces(resultsDirectory: string, junitFile: string | undefined): void {
  const [first] = placeFaults(resultsDirectory, junitFile);
  if (first === undefined) return;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `${first.fault} Set ${first.variable} to a place that can be written to.`,
  );
}

/** Why no JUnit report can be written there. */
export function junitFault(file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined;
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true
    ? `${file} is a directory, and not a file for a report in JUnit's format.`
    : within(path.dirname(file));
}

/** Why no temporary files can be made: whoever makes some takes the directory for granted. */
export function temporaryFault(): string | undefined {
  return existsSync(tmpdir())
    ? within(tmpdir())
    : `The directory for temporary files, ${tmpdir()}, does not exist.`;
}

/** Why no cache can be kept. */
export function cacheFault(): string | undefined {
  try {
    return within(cacheDirectory());
  } catch (error) {
    return sentenceOf(error) ?? String(error);
  }
}

function within(directory: string): string | undefined {
  const why = whyUnusable(directory);
  return why === undefined ? undefined : `Nothing can be kept in ${directory}: ${why}.`;
}

/** The directory and those above it that are not there, the uppermost first. */
function missingLevels(directory: string): string[] {
  return existsSync(directory) || directory === path.dirname(directory)
    ? []
    : [...missingLevels(path.dirname(directory)), directory];
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody else uses it by now.
  }
}

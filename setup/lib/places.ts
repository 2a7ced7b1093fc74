/** The directories of a run: the cache, sockets and keys, the results. Checked before anything is built. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { InputError, sentenceOf } from './errors.ts';
import { errorCode, reasonOf } from './error-text.ts';

export interface PlaceFault {
  readonly place: 'cache' | 'temporary files' | 'results' | 'JUnit report';
  /** A sentence. */
  readonly fault: string;
  /** The variable that selects another place. */
  readonly variable: string;
}

/**
 * Why nothing can be written to `directory`, which need not exist yet; undefined if it can. Tests the nearest existing
 * directory, and leaves nothing behind.
 */
export function whyUnusable(directory: string): string | undefined {
  const place = nearest(path.resolve(directory));
  try {
    rmdirSync(mkdtempSync(path.join(place, '.nestbench-')));
    return undefined;
  } catch (error) {
    // Without the name of the test directory, which means nothing to the user.
    const why = reasonOf(error).replace(/, mkdtemp .*$/, '');
    return `${why}, in ${place}`;
  }
}

/** The place itself, or its nearest existing parent. A dangling link counts as existing. */
function nearest(place: string): string {
  return isThere(place) || place === path.dirname(place) ? place : nearest(path.dirname(place));
}

function isThere(place: string): boolean {
  try {
    lstatSync(place);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param experiment the folder of the experiment in the results, if it is known; it may exist with other rights.
 */
export function placeFaults(
  resultsDirectory: string,
  junitFile: string | undefined,
  experiment?: string,
): PlaceFault[] {
  const places = [
    { place: 'cache', variable: 'XDG_CACHE_HOME', why: cacheFault },
    { place: 'temporary files', variable: 'TMPDIR', why: temporaryFault },
    {
      place: 'results',
      variable: 'RESULTS',
      why: () => resultsFault(resultsDirectory, experiment),
    },
    { place: 'JUnit report', variable: 'JUNIT', why: () => junitFault(junitFile) },
  ] as const;
  return places.flatMap(({ place, variable, why }) => {
    const fault = why();
    return fault === undefined ? [] : [{ place, variable, fault }];
  });
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING for the first fault.
 */
export function checkPlaces(...places: Parameters<typeof placeFaults>): void {
  const [first] = placeFaults(...places);
  if (first === undefined) return;
  throw new InputError('NESTBENCH_UNKNOWN_SETTING', `${first.fault} Set ${first.variable} to another place.`);
}

export function junitFault(file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined;
  return existsSync(file) && statSync(file).isDirectory()
    ? `${file} is a directory, so no JUnit report can be written to it.`
    : within(path.dirname(file));
}

/** Why no temporary files can be created. The directory itself must exist: no program creates it. */
export function temporaryFault(): string | undefined {
  return existsSync(tmpdir())
    ? within(tmpdir())
    : `The directory for temporary files, ${tmpdir()}, does not exist.`;
}

export function cacheFault(): string | undefined {
  try {
    const directory = cacheDirectory();
    return within(directory) ?? tryIn(directory, noProgramRuns) ?? tryIn(directory, noLockHolds);
  } catch (error) {
    return sentenceOf(error) ?? String(error);
  }
}

function resultsFault(directory: string, experiment: string | undefined): string | undefined {
  return (
    within(directory) ??
    (experiment === undefined ? undefined : within(path.join(directory, experiment))) ??
    tryIn(directory, noLockHolds)
  );
}

function within(directory: string): string | undefined {
  const why = whyUnusable(directory);
  return why === undefined ? undefined : `Nothing can be kept in ${directory}: ${why}.`;
}

/** The result of a trial in a new directory there, which is removed. */
function tryIn<T>(directory: string, trial: (place: string, directory: string) => T): T {
  const place = mkdtempSync(path.join(nearest(directory), '.nestbench-'));
  try {
    return trial(place, directory);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The toolchain and the emulator run from the cache, which is impossible on a file system mounted noexec. */
function noProgramRuns(place: string, directory: string): string | undefined {
  try {
    const program = path.join(place, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    execFileSync(program);
    return undefined;
  } catch (error) {
    return errorCode(error) === 'EACCES'
      ? `No program can run in ${directory}: its file system is mounted noexec, and nestbench runs the programs that it builds there.`
      : undefined;
  }
}

/** Concurrent runs share the cache and an experiment by flock(2), which some network file systems refuse. */
function noLockHolds(place: string, directory: string): string | undefined {
  const { status, stderr } = spawnSync('flock', ['--nonblock', path.join(place, 'lock'), 'true'], {
    encoding: 'utf8',
  });
  // A missing flock is another fault.
  return status === 0 || status === null
    ? undefined
    : `No file can be locked in ${directory}, as on some network file systems (${stderr.trim()}).`;
}

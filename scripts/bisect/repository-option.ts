/** `--repository DIRECTORY`. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../setup/lib/errors.ts';
import { placesOfExperiments } from '../cli/read-experiment.ts';

/**
 * The directory, absolute.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if it is none.
 */
export function findRepository(words: string): string {
  const directory = path.resolve(placesOfExperiments().from, words);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return directory;
  const advice = /^\w+:\/\/|^[\w.-]+@[\w.-]+:/.test(words) ? ' Clone it first: its history is needed.' : '';
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `--repository is "${words}", and ${directory} is not a directory.${advice}`,
  );
}

/** A script's command line, as Node's parseArgs reads it; what it refuses is told in one sentence, with the usage. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { InputError } from '../setup/errors.ts';

/** @throws {InputError} NESTBENCH_UNKNOWN_SETTING for an option that there is not, or that lacks its value. */
export function parseArguments<T extends ParseArgsConfig>(
  config: T,
  usage: string,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // What follows is advice on words that begin with a hyphen, which ours do not.
    throw unknownSetting(`${why.split('. ')[0]}.`, usage);
  }
}

/** @param why a whole sentence. */
export function unknownSetting(why: string, usage: string): InputError {
  return new InputError('NESTBENCH_UNKNOWN_SETTING', `${why} Usage: ${usage}.`);
}

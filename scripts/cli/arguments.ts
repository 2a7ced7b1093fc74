/** Reads a script's command line with Node's parseArgs. Errors are one sentence, with the usage. */
import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from 'node:util';
import { InputError } from '../../setup/lib/errors.ts';

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING for an unknown option, one without a value, as in `--x "$UNSET"`, or
 * one with two.
 */
export function parseArguments<T extends ParseArgsConfig>(
  config: T,
  usage: string,
): ReturnType<typeof parseArgs<T>> {
  try {
    const { tokens = [] } = parseArgs({ ...config, tokens: true });
    const valued = tokens.flatMap((token) =>
      token.kind === 'option' && token.value !== undefined ? [token] : [],
    );
    for (const { name, rawName, value } of valued) {
      if (value === '') throw unknownSetting(`${rawName} is "": it needs a value.`, usage);
      const isOne = config.options?.[name]?.multiple !== true;
      if (isOne && valued.filter((other) => other.name === name).length > 1) {
        throw unknownSetting(`${rawName} is given more than once.`, usage);
      }
    }
    return parseArgs(config);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    // The rest of Node's message is advice on arguments that begin with a hyphen, which nestbench's do not.
    throw unknownSetting(`${why.split('. ')[0]}.`, usage);
  }
}

/**
 * For a script with arguments and these options.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING like {@link parseArguments}.
 */
export function parseCommandLine<const O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
  usage: string,
) {
  return parseArguments({ args: [...argv], allowPositionals: true as const, options }, usage);
}

/**
 * @param why a complete sentence.
 */
export function unknownSetting(why: string, usage: string): InputError {
  return new InputError('NESTBENCH_UNKNOWN_SETTING', `${why} Usage: ${usage}.`);
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING for text that is not a whole number from `min` to `max`.
 */
export function wholeNumber(
  option: string,
  text: string,
  [min, max]: readonly [min: number, max: number],
  usage: string,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw unknownSetting(`${option} is "${text}": it must be a whole number from ${min} to ${max}.`, usage);
}

/**
 * A name for what a script leaves under results/.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING for text that is not one.
 */
export function resultsName(name: string | undefined, usage: string): string | undefined {
  if (name === undefined || /^[A-Za-z0-9][\w.-]{0,99}$/.test(name)) return name;
  throw unknownSetting(
    `--name is ${JSON.stringify(name)}: it names folders under results, with at most 100 letters, digits, ".", "_" and "-", beginning with a letter or a digit.`,
    usage,
  );
}

/** Where nestbench's own lines go in a run. */
import type { Vitest } from 'vitest/node';

/**
 * Standard output; standard error with `--reporter`, because such a reporter may write a document to standard output.
 */
export function sayOf({ config, logger }: Vitest): (line: string) => void {
  return config.cliOptions.reporter === undefined ? (line) => logger.log(line) : (line) => logger.error(line);
}

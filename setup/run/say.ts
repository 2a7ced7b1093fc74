/** Where nestbench's own lines go in a run. */
import type { Vitest } from 'vitest/node';

/** Standard output; where `--reporter` was given standard error, since such a reporter may write a document to the other. */
export function sayOf({ config, logger }: Vitest): (line: string) => void {
  return config.cliOptions.reporter === undefined ? (line) => logger.log(line) : (line) => logger.error(line);
}

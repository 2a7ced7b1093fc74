/**
 * How every script ends. Exit codes 0 and 1 are a script's own verdicts. Anything that prevents a verdict gives 2, with
 * one sentence unless it is a bug of nestbench.
 */
import { sentenceOf } from '../../setup/lib/errors.ts';

const NO_VERDICT = 2;

/**
 * Runs a script, or prints what it prints for --help.
 */
export async function runScript(help: string, main: () => void | Promise<void>): Promise<void> {
  process.on('uncaughtException', (error) => {
    report(error);
    process.exit(NO_VERDICT);
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithoutOutput);
  try {
    if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) console.log(help.trimEnd());
    else await main();
  } catch (error) {
    report(error);
    process.exitCode = NO_VERDICT;
  }
}

function report(error: unknown): void {
  console.error(sentenceOf(error) ?? error);
}

/** The reader has gone (`npm run compare ... | true`), or the disk is full. */
function endWithoutOutput(error: NodeJS.ErrnoException): void {
  process.stdout.off('error', endWithoutOutput).on('error', () => {});
  process.stderr.off('error', endWithoutOutput).on('error', () => {});
  if (error.code !== 'EPIPE') report(error);
  // Registered last, so that it overrides the code of a signal.
  process.on('exit', () => void (process.exitCode = NO_VERDICT));
  // A script with machines shuts them down as for a signal.
  if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
  else process.exit();
}

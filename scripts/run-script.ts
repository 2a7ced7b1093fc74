/**
 * How every script of ours ends: wrong input is one sentence and exit code 2, a failure that is not our bug one
 * sentence and exit code 1, and everything else is thrown on.
 */
import { InputError, NestbenchError } from '../setup/errors.ts';

export async function runScript(main: () => void | Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof NestbenchError) || error.kind === 'bug') throw error;
    console.error(error.message);
    process.exitCode = error instanceof InputError ? 2 : 1;
  }
}

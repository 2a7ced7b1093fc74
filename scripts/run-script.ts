/** How every script of ours ends: wrong input is one sentence and exit code 2, everything else is thrown on. */
import { InputError } from '../setup/errors.ts';

export async function runScript(main: () => void | Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

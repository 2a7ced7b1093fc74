/** Asks git about a user's repository, which is only read. */
import { execa } from 'execa';
import { aborted, lastLines } from '../lib/error-text.ts';
import { UnbuildableError } from './build-errors.ts';
import { toolEnvironment } from './tool.ts';

/**
 * What git prints, without the last line's end.
 * @throws {UnbuildableError} with git's own words.
 */
export async function askGit(
  repository: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { exitCode, stdout, stderr } = await execa('git', ['-C', repository, ...argv], {
    reject: false,
    cancelSignal: signal,
    stdin: 'ignore',
    extendEnv: false,
    env: toolEnvironment(),
  });
  if (signal.aborted) throw aborted(signal, `git ${argv[0] ?? ''}`, { machine: 'host', argv });
  if (exitCode === 0) return stdout;
  throw new UnbuildableError({
    message: `The repository ${repository} can't be read. git says: ${lastLines(stderr)}`,
    machine: 'host',
    output: stderr,
  });
}

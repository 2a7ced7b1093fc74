/** The programs that run in guests (setup/build/guest), compiled for this host. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const SOURCES = path.resolve(import.meta.dirname, '../build/guest');

/** Runs `NAME DIRECTORY/socket ...argv` until the test is over. */
export function guestProgram(
  name: string,
  directory: string,
  argv: readonly string[],
): { readonly process: ChildProcess; readonly socket: string } {
  const [program, socket] = [path.join(directory, name), path.join(directory, 'socket')];
  execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-o', program, path.join(SOURCES, `${name}.c`)]);
  const running = spawn(program, [socket, ...argv], { stdio: ['ignore', 'inherit', 'inherit'] });
  // TERM lets it undo what it asked of the kernel, KILL ends one that was stopped.
  onTestFinished(() => {
    running.kill('SIGTERM');
    setTimeout(() => running.kill('SIGKILL'), 1000).unref();
  });
  return { process: running, socket };
}

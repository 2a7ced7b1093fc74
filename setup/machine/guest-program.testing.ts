/** The programs that run in guests (setup/build/guest), compiled for this host. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const SOURCES = path.resolve(import.meta.dirname, '../build/image/guest');

/** Runs `NAME DIRECTORY/socket ...argv` until the end of the test. */
export function guestProgram(
  name: string,
  directory: string,
  argv: readonly string[],
): { readonly process: ChildProcess; readonly socket: string } {
  const [program, socket] = [path.join(directory, name), path.join(directory, 'socket')];
  execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-o', program, path.join(SOURCES, `${name}.c`)]);
  const running = spawn(program, [socket, ...argv], { stdio: ['ignore', 'inherit', 'inherit'] });
  // SIGTERM lets it undo its changes to the kernel; SIGKILL ends one that was stopped.
  onTestFinished(async () => {
    if (running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    const impatience = setTimeout(() => running.kill('SIGKILL'), 1000);
    await ended;
    clearTimeout(impatience);
  });
  return { process: running, socket };
}

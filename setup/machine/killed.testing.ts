/** The real program that tells which processes were killed, for this host. */
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../temporary.testing.ts';
import { guestProgram } from './guest-program.testing.ts';
import { hostMachine } from './host.ts';
import { connectKilled, type KilledProcesses } from './killed.ts';

/** Until the test is over. Only root may have the kernel account for processes. */
export async function killedProgram({ accounting = true } = {}): Promise<KilledProcesses> {
  const directory = temporaryDirectory();
  const { socket } = guestProgram(
    'killed',
    directory,
    accounting ? [path.join(directory, 'accounting')] : [],
  );
  const killed = await connectKilled(hostMachine('l1'), new AbortController().signal, socket);
  onTestFinished(() => killed[Symbol.dispose]());
  return killed;
}

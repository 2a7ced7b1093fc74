/** The real program that tells which processes were killed, for this host. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { takeLock } from '../lib/lock.ts';
import { guestProgram } from './guest-program.testing.ts';
import { hostMachine } from './host.ts';
import { connectKilled, type KilledProcesses } from './killed.ts';

/** The kernel accounts for processes in one file alone, and the newest program takes it from the one before. */
const ACCOUNTING_LOCK = path.join(tmpdir(), 'nestbench-test-accounting.lock');

/** Until the test is over. Only root may have the kernel account for processes. */
export async function killedProgram({ accounting = true } = {}): Promise<KilledProcesses> {
  const directory = temporaryDirectory();
  if (accounting) {
    const lock = await takeLock(ACCOUNTING_LOCK, { signal: new AbortController().signal });
    onTestFinished(() => lock[Symbol.asyncDispose]());
  }
  const { socket } = guestProgram(
    'killed',
    directory,
    accounting ? [path.join(directory, 'accounting')] : [],
  );
  const killed = await connectKilled(hostMachine('l1'), new AbortController().signal, socket);
  onTestFinished(() => killed[Symbol.dispose]());
  return killed;
}

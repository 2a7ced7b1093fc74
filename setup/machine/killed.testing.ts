/** The real program that reports killed processes, for this host. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { takeLock } from '../lib/lock.ts';
import { guestProgram } from './guest-program.testing.ts';
import { hostMachine } from './host.ts';
import { connectKilled, type KilledProcesses } from './killed.ts';

/** The kernel writes its process accounting to a single file, and the newest program takes it over. */
const ACCOUNTING_LOCK = path.join(tmpdir(), 'nestbench-test-accounting.lock');

/** Runs until the end of the test. Only root can enable process accounting. */
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

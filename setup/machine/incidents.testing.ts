/** The real program that reports incidents, for this host; and what one would report. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duplexPair } from 'node:stream';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { takeLock } from '../lib/lock.ts';
import { guestProgram } from './guest-program.testing.ts';
import { hostMachine } from './host.ts';
import { connectIncidents, IncidentReports } from './incidents.ts';

/** The kernel writes its process accounting to a single file, and the newest program takes it over. */
const ACCOUNTING_LOCK = path.join(tmpdir(), 'nestbench-test-accounting.lock');

/** Runs until the end of the test. Only root can enable process accounting. */
export async function incidentsProgram({ accounting = true } = {}): Promise<IncidentReports> {
  const directory = temporaryDirectory();
  if (accounting) {
    const lock = await takeLock(ACCOUNTING_LOCK, { signal: new AbortController().signal });
    onTestFinished(() => lock[Symbol.asyncDispose]());
  }
  const { socket } = guestProgram(
    'incidents',
    directory,
    accounting ? [path.join(directory, 'accounting')] : [],
  );
  const reports = await connectIncidents(hostMachine('l1'), new AbortController().signal, socket);
  onTestFinished(() => reports[Symbol.dispose]());
  return reports;
}

/** Reports of a machine that answers each request with the next of these times at which it booted. */
export function reportsOfClock(...bootedAt: readonly number[]): IncidentReports {
  const [ours, theirs] = duplexPair();
  const left = [...bootedAt];
  theirs.on('data', () => {
    theirs.write(`${JSON.stringify({ killed: null, oomKills: null, bootedAt: left.shift() })}\n`);
  });
  return new IncidentReports('l1', ours);
}

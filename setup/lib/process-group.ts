/** Ends process groups of this host, and sees to it that none outlives this process's ordinary exit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './error-text.ts';
import { isRunning, processIds, processStat } from './proc.ts';

const POLL_MS = 20;
/** How long a KILL may take; only a process stuck in the kernel takes longer. */
const KILL_MS = 5000;

/** Whether any process of the group still runs. */
export function groupRuns(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return errorCode(error) === 'EPERM';
  }
  // Zombies that nobody has waited for answer as well.
  return processIds().some((pid) => {
    const stat = processStat(pid);
    return isRunning(stat) && stat.group === group;
  });
}

/**
 * TERM to the group, KILL to what is left after the grace. Resolves once nothing of it runs.
 * @returns false where even KILL did not end it in time.
 */
export async function endGroup(group: number, graceMs: number): Promise<boolean> {
  signalGroup(group, 'SIGTERM');
  if (await groupGone(group, graceMs)) return true;
  signalGroup(group, 'SIGKILL');
  return groupGone(group, KILL_MS);
}

async function groupGone(group: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (groupRuns(group)) {
    if (performance.now() > until) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Gone already.
  }
}

const killedOnExit = new Set<number>();

function killAll(): void {
  for (const group of killedOnExit) signalGroup(group, 'SIGKILL');
}

/**
 * Kills the group when this process exits, however it was decided (but not when it is itself killed).
 * @returns a function that takes it off the list, to be called once the group's leader was waited for.
 */
export function killOnExit(group: number): () => void {
  if (killedOnExit.size === 0) process.once('exit', killAll);
  killedOnExit.add(group);
  return () => {
    killedOnExit.delete(group);
    if (killedOnExit.size === 0) process.off('exit', killAll);
  };
}

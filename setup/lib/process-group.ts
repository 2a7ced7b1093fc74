/** Ends process groups of this host, and makes sure that none outlives this process's normal exit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './error-text.ts';
import { isRunning, processIds, processStat } from './proc.ts';

const POLL_MS = 20;
/** How long SIGKILL may take; only a process stuck in the kernel takes longer. */
const KILL_MS = 5000;

export function groupRuns(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return errorCode(error) === 'EPERM';
  }
  // Zombies also count for kill(2), so look at the states.
  return processIds().some((pid) => {
    const stat = processStat(pid);
    return isRunning(stat) && stat.group === group;
  });
}

/**
 * Sends SIGTERM to the group, and SIGKILL to what is left after the grace period. Resolves once nothing of it runs.
 * @returns false if even SIGKILL did not end it in time.
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
    // It has already ended.
  }
}

const killedOnExit = new Set<number>();

function killAll(): void {
  for (const group of killedOnExit) signalGroup(group, 'SIGKILL');
}

/**
 * Kills the group when this process exits, for any reason except being killed itself.
 * @returns a function that cancels this, to be called once the group's leader has been waited for.
 */
export function killOnExit(group: number): () => void {
  if (killedOnExit.size === 0) process.once('exit', killAll);
  killedOnExit.add(group);
  return () => {
    killedOnExit.delete(group);
    if (killedOnExit.size === 0) process.off('exit', killAll);
  };
}

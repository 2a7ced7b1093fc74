/**
 * Finds QEMUs of this host that a killed run left behind. A QEMU belongs to nestbench if it runs as the same user, in
 * the same mount namespace, and its command line names a path in the runtime directory, which is the same directory for
 * it: in a container or a chroot the same path belongs to another run. Pid files only show which machine it is: one is
 * missing between fork and its writing, and stale after a kill, when its pid may belong to another process. So every
 * process is checked as it is now, and before each signal its start time shows that it is still the same.
 */
import { errorCode } from '../../lib/error-text.ts';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GRACE_MS } from '../command.ts';
import {
  isRunning,
  mountNamespace,
  processArgv,
  processIds,
  processStat,
  processUid,
} from '../../lib/proc.ts';

export const PID_SUFFIX = '.pid';
const POLL_MS = 20;
/** How long SIGKILL may take; only a process stuck in the kernel takes longer. */
const KILL_MS = 5000;

export interface OwnedQemu {
  readonly pid: number;
  /** When it started, in clock ticks since the host booted. */
  readonly startTicks: number;
  readonly argv: readonly string[];
  /** The pid file that names it; undefined without one. */
  readonly pidFile: string | undefined;
}

/** The running QEMUs that belong to this runtime directory, given by the path that their command lines use. */
export function findOwned(runtimeDirectory: string): OwnedQemu[] {
  const inside = `${path.resolve(runtimeDirectory)}/`;
  const files = new Map(pidFilesIn(runtimeDirectory).map((file) => [pidIn(file), file]));
  const place = placeOf(inside);
  return processIds().flatMap((pid) => {
    const stat = processStat(pid);
    const argv = processArgv(pid);
    const ours =
      path.basename(argv[0] ?? '').startsWith('qemu-system-') &&
      argv.some((word) => namesPathIn(inside, word)) &&
      isSeenBy(pid, place);
    return isRunning(stat) && ours
      ? [{ pid, startTicks: stat.startTicks, argv, pidFile: files.get(pid) }]
      : [];
  });
}

/** Whether a word has a path that begins with `directory`: `file=/run/us/disk`, but not `file=/srv/run/us/disk`. */
function namesPathIn(directory: string, word: string): boolean {
  for (let at = word.indexOf(directory); at !== -1; at = word.indexOf(directory, at + 1)) {
    if (!/[\w./-]/.test(word.charAt(at - 1))) return true;
  }
  return false;
}

interface Place {
  readonly directory: string;
  readonly inode: string;
}

/** The directory as this process sees it; if it does not exist, its nearest existing parent. */
function placeOf(directory: string): Place {
  const inode = inodeOf(directory);
  return inode === undefined ? placeOf(path.dirname(directory)) : { directory, inode };
}

/**
 * Whether `pid` is a process of the same user, in the same mount namespace, for which the path is the same directory.
 */
function isSeenBy(pid: number, { directory, inode }: Place): boolean {
  return (
    processUid(pid) === processUid('self') &&
    mountNamespace(pid) === mountNamespace('self') &&
    inodeOf(`/proc/${pid}/root${directory}`) === inode
  );
}

function inodeOf(directory: string): string | undefined {
  try {
    const { dev, ino } = statSync(directory, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/**
 * Ends them: SIGTERM, up to two seconds, SIGKILL, until all are gone. Removes the pid files they leave.
 * @returns those that were ended.
 */
export async function endOwned(runtimeDirectory: string): Promise<OwnedQemu[]> {
  const owned = findOwned(runtimeDirectory);
  await endThese(owned);
  const left = new Set(findOwned(runtimeDirectory).map(({ pidFile }) => pidFile));
  for (const file of pidFilesIn(runtimeDirectory)) if (!left.has(file)) rmSync(file, { force: true });
  return owned.filter((qemu) => !stillRuns(qemu));
}

/** Ends these, and no other that has taken their place since. */
export async function endThese(owned: readonly OwnedQemu[]): Promise<void> {
  await Promise.all(owned.map(endOne));
}

async function endOne(qemu: OwnedQemu): Promise<void> {
  for (const [signal, withinMs] of [
    ['SIGTERM', GRACE_MS],
    ['SIGKILL', KILL_MS],
  ] as const) {
    const until = performance.now() + withinMs;
    if (stillRuns(qemu)) send(qemu.pid, signal);
    while (stillRuns(qemu) && performance.now() < until) await sleep(POLL_MS);
  }
}

/** It may have ended since, and its number may belong to another user's process: both are left alone. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}

function stillRuns(qemu: OwnedQemu): boolean {
  const stat = processStat(qemu.pid);
  return isRunning(stat) && stat.startTicks === qemu.startTicks;
}

function pidFilesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(PID_SUFFIX))
      .map((name) => path.join(directory, name));
  } catch {
    return [];
  }
}

function pidIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').trim());
  } catch {
    return 0;
  }
}

/** Processes of this host, from /proc (proc(5)). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { errorCode } from './error-text.ts';

export interface ProcessStat {
  /** R, S, D, Z and so on. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** When it started, in clock ticks since the host booted. With the pid it identifies a process permanently. */
  readonly startTicks: number;
  /** The program's own name, at most 15 characters. */
  readonly name: string;
  /** CPU time of its threads and of its children that have ended, in clock ticks. */
  readonly cpuTicks: number;
}

/** The state of a listening socket in /proc/net/tcp (proc(5)). */
const LISTENING = '0A';

/** USER_HZ of proc(5): 100 per second on x86. */
export const TICKS_PER_SECOND = 100;

/** Undefined if there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    startTicks: Number(fields[19]),
    cpuTicks: fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0),
  };
}

/** Its argv; empty if it has ended or is a zombie. */
export function processArgv(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text === '' ? [] : text.replace(/\0$/, '').split('\0');
  } catch {
    return [];
  }
}

export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The user that it runs as; undefined if there is no such process. */
export function processUid(pid: number | 'self'): number | undefined {
  try {
    const uid = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** The mount namespace that it is in, such as `mnt:[4026531841]`; undefined if it can't be read. */
export function mountNamespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

/**
 * The pid namespace of this process, such as `pid:[4026531836]`: elsewhere its pids mean other processes. `pid:[0]` if
 * the kernel has only one (without CONFIG_PID_NS).
 */
export function pidNamespace(link = '/proc/self/ns/pid'): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'pid:[0]';
    throw error;
  }
}

/** What is mounted below a directory, in the order in which it was (proc(5): the mount point is the fifth field). */
export function mountsBelow(directory: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((place) => place.startsWith(`${directory}/`));
}

/** Whether it is running. A zombie has ended and only waits for its parent. */
export function isRunning(stat: ProcessStat | undefined): stat is ProcessStat {
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** Whether the process has a handler for the signal. */
export function catchesSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    const [, mask] = /^SigCgt:\t([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return ((BigInt(`0x${mask ?? '0'}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}

/**
 * The first TCP port over IPv4 on which a process listens; undefined if there is none.
 * @throws if it has ended, or is another user's.
 */
export function listeningPort(pid: number): number | undefined {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // It was closed meanwhile.
        return [];
      }
    }),
  );
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n')) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state === LISTENING && sockets.has(inode)) return Number.parseInt(local.split(':')[1] ?? '', 16);
  }
  return undefined;
}

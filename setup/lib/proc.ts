/** Processes of this host as /proc tells of them (proc(5)). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessStat {
  /** R, S, D, Z and so on. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** When it started, in clock ticks since the host booted: with the pid it names a process for good. */
  readonly startTicks: number;
  /** The program's own name, of at most 15 characters. */
  readonly name: string;
  /** CPU time of its threads and of its children that have ended, in clock ticks. */
  readonly cpuTicks: number;
}

/** Of proc(5): Linux tells every user program 100 a second on x86 (USER_HZ). */
export const TICKS_PER_SECOND = 100;

/** Undefined where there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
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

/** Its argv, empty where it is gone or a zombie. */
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

/** The user that it runs as; undefined where there is no such process. */
export function processUid(pid: number | 'self'): number | undefined {
  try {
    const uid = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** The namespace whose mounts it sees, as `mnt:[4026531841]`; undefined where that can't be read. */
export function mountNamespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

/** Whether it runs: a zombie has ended, and only waits for its parent to ask. */
export function isRunning(stat: ProcessStat | undefined): stat is ProcessStat {
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/**
 * Who used the CPUs of this host: this run, which is Vitest with all its children, including the QEMUs; or others. Read
 * from /proc before and after a sample, never in between.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { HostWindow } from '../../fixtures/records.ts';
import { processStat, TICKS_PER_SECOND } from '../lib/proc.ts';

/** CPU times since the start of the host or the process. */
export interface HostReading {
  readonly at: number;
  readonly cpus: number;
  readonly busySeconds: number;
  readonly stealSeconds: number;
  /** Of the processes of this run, including those that have ended. */
  readonly ownSeconds: number;
  /** Of the threads of its QEMUs, by number; empty if the kernel has no schedstat. */
  readonly threads: ReadonlyMap<string, ThreadTimes>;
}

interface ThreadTimes {
  readonly ranSeconds: number;
  /** Runnable, and waiting for a CPU. */
  readonly waitedSeconds: number;
}

/**
 * Undefined if /proc does not show it.
 * @param root the process that this run descends from: for a worker, Vitest.
 * @param only CPUs to which these processes are confined; by default all of the host.
 */
export function readHost(root = process.ppid, only?: ReadonlySet<number>): HostReading | undefined {
  try {
    // Without this file the kernel does not list children (CONFIG_PROC_CHILDREN).
    readFileSync(`/proc/${process.pid}/task/${process.pid}/children`);
    const lines = readFileSync('/proc/stat', 'utf8').split('\n');
    const cpus = lines.filter((line) => {
      const cpu = /^cpu(\d+)/.exec(line)?.[1];
      return cpu !== undefined && (only === undefined || only.has(Number(cpu)));
    });
    // "cpu user nice system idle iowait irq softirq steal guest guest_nice": guests' time is included in user and nice
    // (proc(5)). The first line has those of all CPUs.
    const counted = (only === undefined ? lines.slice(0, 1) : cpus).map((line) =>
      line.trim().split(/ +/).slice(1).map(Number),
    );
    const seconds = (...fields: number[]): number =>
      counted
        .flatMap((ticks) => fields.map((field) => ticks[field] ?? 0))
        .reduce((sum, its) => sum + its, 0) / TICKS_PER_SECOND;
    const threads = new Map<string, ThreadTimes>();
    return {
      at: performance.now() / 1000,
      cpus: cpus.length,
      busySeconds: seconds(0, 1, 2, 5, 6),
      stealSeconds: seconds(7),
      ownSeconds: readTree(root, threads) / TICKS_PER_SECOND,
      threads,
    };
  } catch {
    return undefined;
  }
}

/** The difference between two readings; undefined if one of them is missing. */
export function hostBetween(
  before: HostReading | undefined,
  after: HostReading | undefined,
): HostWindow | undefined {
  if (before === undefined || after === undefined) return undefined;
  const grown = (of: (reading: HostReading) => number): number => Math.max(0, of(after) - of(before));
  const busy = grown(({ busySeconds }) => busySeconds);
  // The kernel counts ticks for the whole host, and exact times for a process, so the difference may be below 0.
  const others = Math.max(0, busy - grown(({ ownSeconds }) => ownSeconds));
  return {
    seconds: grown(({ at }) => at),
    cpus: after.cpus,
    othersSeconds: rounded(others),
    stealSeconds: rounded(grown(({ stealSeconds }) => stealSeconds)),
    ...threadsBetween(before.threads, after.threads),
  };
}

function threadsBetween(
  before: HostReading['threads'],
  after: HostReading['threads'],
): Pick<HostWindow, 'qemuSeconds' | 'qemuWaitSeconds'> {
  if (after.size === 0) return {};
  let [ran, waited] = [0, 0];
  for (const [thread, { ranSeconds, waitedSeconds }] of after) {
    ran += ranSeconds - (before.get(thread)?.ranSeconds ?? 0);
    waited += waitedSeconds - (before.get(thread)?.waitedSeconds ?? 0);
  }
  return { qemuSeconds: rounded(Math.max(0, ran)), qemuWaitSeconds: rounded(Math.max(0, waited)) };
}

/** To a microsecond: further digits of a difference of doubles are noise. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

/** CPU time of a process and all its descendants, in ticks. One that has ended counts with its parent. */
function readTree(pid: number, threads: Map<string, ThreadTimes>): number {
  const stat = processStat(pid);
  if (stat === undefined) return 0;
  if (stat.name.startsWith('qemu-system')) {
    readThreads(pid, threads);
    return stat.cpuTicks;
  }
  return childrenOf(pid).reduce((ticks, child) => ticks + readTree(child, threads), stat.cpuTicks);
}

/** Of all its threads, each of which lists the children that it started (proc(5)). */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    (readThread(pid, thread, 'children') ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Undefined if the thread has ended meanwhile, or the kernel has no such file. */
function readThread(pid: number, thread: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** "ran waited timeslices" in nanoseconds (Documentation/scheduler/sched-stats.rst of Linux). */
function readThreads(pid: number, threads: Map<string, ThreadTimes>): void {
  for (const thread of threadsOf(pid)) {
    const [ran, waited] = (readThread(pid, thread, 'schedstat') ?? '').split(' ').map(Number);
    if (ran === undefined || waited === undefined) continue;
    threads.set(thread, { ranSeconds: ran / 1e9, waitedSeconds: waited / 1e9 });
  }
}

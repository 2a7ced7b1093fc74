/**
 * Locks between processes: flock(2), held by a small helper process whose standard input stays open. The kernel frees
 * the lock as soon as nestbench ends, however it ends, so no lock is ever stale and no process ids have to be checked.
 * It also works across containers that share the directory.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from './errors.ts';
import { aborted } from './error-text.ts';
import { processStat } from './proc.ts';

/** `flock --conflict-exit-code`: a code that flock(1) itself does not use. */
const CONFLICT = 75;

export interface Lock extends AsyncDisposable {
  readonly file: string;
}

export interface LockOptions {
  /** Shared with other shared locks; otherwise exclusive. */
  readonly shared?: boolean;
  /** Called if the process that holds the lock ends before the lock is disposed: then it is anybody's. */
  readonly onLost?: () => void;
}

/** Takes the lock if it is free. Undefined if somebody holds it. */
export async function tryLock(file: string, options: LockOptions = {}): Promise<Lock | undefined> {
  // Not the signal of takeLock: a free lock is taken, however short the wait for a held one may be.
  const { onLost } = options;
  return hold(file, ['--nonblock', ...mode(options)], { ...(onLost && { onLost }) });
}

/** Waits until the lock is free and takes it. Before a wait, `onWait` is called once with the holders. */
export async function takeLock(
  file: string,
  options: LockOptions & { readonly signal: AbortSignal; readonly onWait?: (holders: string) => void },
): Promise<Lock> {
  const { signal } = options;
  const free = await tryLock(file, options);
  if (free !== undefined) return free;
  options.onWait?.(describeHolders(file));
  if (signal.aborted) throw aborted(signal, `waiting for the lock ${file}`);
  const lock = await hold(file, mode(options), options);
  if (lock === undefined) throw aborted(signal, `waiting for the lock ${file}`);
  return lock;
}

function mode({ shared = false }: LockOptions): string[] {
  return [shared ? '--shared' : '--exclusive'];
}

async function hold(
  file: string,
  flags: string[],
  { signal, onLost }: Pick<LockOptions, 'onLost'> & { readonly signal?: AbortSignal },
): Promise<Lock | undefined> {
  mkdirSync(path.dirname(file), { recursive: true });
  const holder = spawn(
    'flock',
    [...flags, '--no-fork', '--conflict-exit-code', `${CONFLICT}`, file, 'sh', '-c', 'echo held; exec cat'],
    // Its own process group: the terminal's Ctrl-C must not free a lock that the clean-up still needs.
    { detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let said = '';
  holder.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const stop = (): void => {
    holder.kill();
  };
  signal?.addEventListener('abort', stop, { once: true });
  const ended = new Promise<{ code: number | null }>((resolve, reject) => {
    holder.once('exit', (code) => resolve({ code }));
    holder.once('error', reject);
  });
  try {
    const first = await Promise.race([once(holder.stdout, 'data'), ended]);
    if (!Array.isArray(first)) {
      const { code } = first;
      if (code === CONFLICT || signal?.aborted === true) return undefined;
      throw new CommandError({
        message: `Could not lock ${file}: flock exited with ${code}. ${said.trim()} If its file system has no locks, as some NFS: XDG_CACHE_HOME and RESULTS select other places for the cache and the results, and /tmp has to be on a local disk.`,
        exitCode: code,
      });
    }
    let isGivenBack = false;
    const noticeLoss = (): void => {
      if (!isGivenBack) onLost?.();
    };
    void ended.then(noticeLoss, noticeLoss);
    // The lock alone does not keep this process running.
    holder.unref();
    for (const stream of [holder.stdin, holder.stdout, holder.stderr]) {
      if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
    }
    return {
      file,
      async [Symbol.asyncDispose]() {
        isGivenBack = true;
        if (holder.exitCode !== null || holder.signalCode !== null) return;
        holder.ref();
        holder.stdin.end();
        await ended;
      },
    };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** The holders of the lock, in words: `process 4711 (node vitest run suites/l2)`. */
export function describeHolders(file: string): string {
  const holders = new Set(holdersOf(file).map(describe));
  return holders.size === 0 ? 'another process' : [...holders].join(' and ');
}

/** Whether an ancestor of this process holds the lock. Waiting for it would be a deadlock. */
export function isHeldAbove(file: string): boolean {
  if (!existsSync(file)) return false;
  const holders = new Set(holdersOf(file));
  for (let pid = process.ppid; pid > 1; pid = processStat(pid)?.parent ?? 0) {
    if (holders.has(pid)) return true;
  }
  return false;
}

export function isHeldHere(file: string): boolean {
  return existsSync(file) && holdersOf(file).includes(process.pid);
}

/**
 * The processes whose children hold the lock, from /proc/locks (proc(5)); undefined for one that is not visible from
 * here.
 */
function holdersOf(file: string): (number | undefined)[] {
  const { ino } = statSync(file);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .flatMap((line) => {
      // `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`; waiting ones have an arrow after the number.
      const match = /^\d+: FLOCK\s+\S+\s+\S+\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line);
      return match === null || match[2] !== String(ino) ? [] : [processStat(Number(match[1]))?.parent];
    });
}

function describe(pid: number | undefined): string {
  if (pid === undefined) return 'a process that is not visible from here';
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return `process ${pid} (${words})`;
  } catch {
    return `process ${pid}`;
  }
}

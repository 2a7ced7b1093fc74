/** The testbed's directory and lock on this host: one run at a time, and nothing left of the last one. */
import { once } from 'node:events';
import { lstatSync, mkdirSync, readFileSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { userId } from '../lib/user.ts';
import { OwnDirectory } from '../lib/own-directory.ts';
import { LONGEST_TIMER_MS } from '../lib/wait.ts';
import { isHeldAbove, takeLock, type Lock } from '../lib/lock.ts';
import { InputError, LockLostError, TestbedBusyError, toNestbenchError } from '../lib/errors.ts';
import { errorCode, reasonOf } from '../lib/error-text.ts';
import { endOwned } from '../machine/qemu/qemu-process.ts';
import type { PrepareOptions } from './testbed.ts';

/** Where the running testbed's sockets and pid files are. */
export function runtimeDirectory(temporary = tmpdir()): string {
  return path.join(temporary, ownFolder(), 'testbed');
}

/** Where those of a stack are that runs beside others, by the number of its lane, from 0. */
export function laneDirectory(lane: number, runtime = runtimeDirectory()): string {
  return path.join(runtime, String(lane + 1));
}

/** Locked by whoever has that name, such as a cell, while it runs beside others. */
export function besideLock(name: string, runtime = runtimeDirectory()): string {
  return path.join(runtime, `${name}.lock`);
}

/**
 * Makes the place of the stacks that run side by side, until the end of the run. Only with the host's testbed.
 * @throws {InputError} if it is too long for their sockets.
 */
export function holdLanes(count: number, held: AsyncDisposableStack): void {
  assertSocketsFit(laneDirectory(count - 1));
  const runtime = runtimeDirectory();
  rmSync(runtime, { recursive: true, force: true });
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const own = new OwnDirectory(runtime);
  held.defer(() => own.remove());
}

/** Every Linux has it (FHS 3.0), so all runs of a user find the same lock, whatever TMPDIR is. */
const LOCK_PLACE = '/tmp';

/** The lock of the testbed: one per user and host, independent of TMPDIR, HOME and XDG_*. */
export function lockFile(place = LOCK_PLACE): string {
  return path.join(place, ownFolder(), 'testbed.lock');
}

function ownFolder(): string {
  return `nestbench-${userId()}`;
}

/** The maximum length of a Unix socket's path (unix(7)). */
const SOCKET_PATH_BYTES = 107;

/**
 * Creates the parent of the runtime directory. Anybody could have created it before under this name.
 * @throws {InputError} if it does not belong to this user alone, or is too long for the sockets in it.
 */
export function claimDirectory(runtime = runtimeDirectory()): void {
  assertSocketsFit(runtime);
  claim(path.dirname(runtime), 'so no keys are put there. Remove it, or set TMPDIR to another place.');
}

function assertSocketsFit(runtime: string): void {
  // The longest name that a boot gives a socket.
  const socket = path.join(runtime, 'client.console');
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `TMPDIR is too long: ${socket} would be a socket's path, which holds ${SOCKET_PATH_BYTES} bytes. Set TMPDIR to a shorter one.`,
    );
  }
}

/** Why no socket can listen in a directory, as on some network file systems; undefined if one can. A sentence. */
export async function socketFault(directory = tmpdir()): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(path.join(directory, `.nestbench-${process.pid}`));
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return `No socket can listen in ${directory}, as on some network file systems (${errorCode(error) ?? reasonOf(error)}).`;
  } finally {
    // Removes the socket.
    server.close();
  }
}

/** Creates a directory that only this user can write to. `otherwise` ends the sentence about one that is not. */
function claim(directory: string, otherwise: string): void {
  let failure: unknown;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    failure = error;
  }
  if (isPrivate(directory)) return;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    foundAt(directory) === undefined
      ? `${directory} could not be created: ${reasonOf(failure)}. Make ${path.dirname(directory)} a directory that this user can write to.`
      : `${directory} is not a directory that only this user can write to, ${otherwise}`,
  );
}

/** Whether it is a directory, not a link to one, that only this user can write to. */
function isPrivate(directory: string): boolean {
  const found = foundAt(directory);
  return found?.isDirectory() === true && found.uid === userId() && (found.mode & 0o022) === 0;
}

function foundAt(directory: string): Stats | undefined {
  try {
    return lstatSync(directory);
  } catch {
    return undefined;
  }
}

/** The testbed of this host, held. */
export interface HeldTestbed extends Lock {
  /** The runtime directory of the previous run; undefined if there was none or it can't be trusted. */
  readonly previousRuntime: string | undefined;
}

/**
 * Takes the testbed of this host. The kernel frees the lock once its holder has ended, however it ended. A run that a
 * holder started with another TMPDIR, like the end-to-end tests, belongs to it: it only excludes others of that kind.
 * @param onWait called once with who holds it, before waiting.
 * @throws {InputError} if the lock can't be trusted, no socket can listen in TMPDIR, or the holder that started this run has its machines in the same
 * place.
 * @throws NESTBENCH_TESTBED_BUSY if it is not free in time, with who holds it.
 */
export async function takeTestbed(options: {
  readonly waitMinutes: number;
  readonly signal: AbortSignal;
  readonly onWait: (holders: string) => void;
  readonly onLost?: () => void;
  /** A lock other than the host's own, for tests. */
  readonly lock?: string;
}): Promise<HeldTestbed> {
  const { waitMinutes, signal } = options;
  claimDirectory();
  const fault = await socketFault(path.dirname(runtimeDirectory()));
  if (fault !== undefined)
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `${fault} Set TMPDIR to a directory on a local disk.`);
  let file = options.lock ?? lockFile();
  const noLock =
    "so the testbed of this host can't be locked there. Ask its owner or an administrator to remove it.";
  claim(path.dirname(file), noLock);
  while (isHeldAbove(file)) {
    if (notedIn(file) === path.resolve(runtimeDirectory())) throw sharedPlace();
    file += '.inner';
  }
  let holders = 'another process';
  const patience = AbortSignal.timeout(timerMilliseconds(waitMinutes));
  try {
    const lock = await takeLock(file, {
      signal: AbortSignal.any([signal, patience]),
      ...(options.onLost && { onLost: options.onLost }),
      onWait: (text) => {
        holders = text;
        options.onWait(text);
      },
    });
    return { ...lock, previousRuntime: replaceRuntime(lock.file) };
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw toNestbenchError(error);
    throw new TestbedBusyError({
      message: `The testbed of this host is held by ${holders} and was not free within ${waitMinutes} min. Wait for that run, end it, or set WAIT to more minutes.`,
      machine: 'host',
      seconds: waitMinutes * 60,
      cause: error,
    });
  }
}

function notedIn(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

/** Its clean-up would end the machines of the run that started it. */
function sharedPlace(): InputError {
  return new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `The run that started this one has its machines in ${runtimeDirectory()} too, and this one would end them. Set TMPDIR to another place for it.`,
  );
}

/**
 * Notes the directory of this run's testbed in the lock's file.
 * @returns that of the previous run.
 */
function replaceRuntime(file: string): string | undefined {
  const previous = notedIn(file);
  const own = path.resolve(runtimeDirectory());
  writeFileSync(file, `${own}\n`);
  const isOurs = path.isAbsolute(previous) && previous === runtimeDirectory(path.resolve(previous, '../..'));
  return isOurs && previous !== own && isPrivate(path.dirname(previous)) ? previous : undefined;
}

function timerMilliseconds(minutes: number): number {
  return Math.min(Math.max(1, Math.round(minutes * 60_000)), LONGEST_TIMER_MS);
}

/**
 * Ends what a killed run left running. Only under the testbed's lock: then no run owns what is running there.
 * @param previousRuntime the runtime directory of the previous run, if it was another one; it is removed.
 * @returns sentences about what was ended.
 */
export async function sweepTestbed(previousRuntime?: string): Promise<string[]> {
  const ended = await endOwned(runtimeDirectory());
  if (previousRuntime !== undefined) {
    ended.push(...(await endOwned(previousRuntime)));
    rmSync(previousRuntime, { recursive: true, force: true });
  }
  return ended.map(({ pid, pidFile }) => {
    const name = pidFile === undefined ? 'a machine' : path.basename(pidFile, '.pid');
    return `Ended ${name} (QEMU, process ${pid}), left behind by a run that was killed.`;
  });
}

/** Takes the testbed of this host and cleans it up: from then on its machines belong to this run, and end with it. */
export async function takeHost({
  waitMinutes,
  held,
  onTestbed,
  onLost,
  signal,
  log,
}: Pick<PrepareOptions, 'held' | 'onTestbed' | 'onLost' | 'signal' | 'log'> & {
  readonly waitMinutes: number;
}): Promise<void> {
  let isLost = false;
  const { previousRuntime } = held.use(
    await takeTestbed({
      waitMinutes,
      signal,
      onWait: (holders) => log(`The testbed of this host is held by ${holders}; waiting for it.`),
      onLost() {
        isLost = true;
        onTestbed(false);
        onLost(
          new LockLostError({
            message: `The child process that held the lock of this host's testbed (${lockFile()}) was killed, so another run may use the testbed now. This run ends; what was measured is in the journal. Look for the OOM killer in the kernel log, then start again.`,
            machine: 'host',
          }),
        );
      },
    }),
  );
  onTestbed(true);
  held.defer(() => onTestbed(false));
  // Whatever happened to those that booted: afterwards nothing of this run is left.
  held.defer(async () => {
    if (!isLost) await endOwned(runtimeDirectory());
  });
  for (const line of await sweepTestbed(previousRuntime)) log(line);
}

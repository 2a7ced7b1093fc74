/** A QEMU on this host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { BootError, type NestbenchError, PackageMissingError } from '../../lib/errors.ts';
import { aborted, errorCode, lastLines, reasonOf } from '../../lib/error-text.ts';
import { GRACE_MS } from '../command.ts';
import { endGroup, killOnExit } from '../../lib/process-group.ts';
import { PID_SUFFIX } from './qemu-owned.ts';

export { endOwned, endThese, findOwned, type OwnedQemu } from './qemu-owned.ts';

export interface QemuOptions {
  /** QEMU's program and its arguments, including `-pidfile` with `pidFile`. */
  readonly argv: readonly string[];
  /** A file named `*.pid` in the runtime directory, by which a later run finds it. */
  readonly pidFile: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Its standard output and error are appended here. */
  readonly logFile: string;
}

export interface QemuExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote on standard output and error. */
  readonly stderr: string;
}

export interface QemuProcess extends AsyncDisposable {
  readonly pid: number;
  readonly argv: readonly string[];
  /** Never rejects. */
  readonly exited: Promise<QemuExit>;
  /**
   * Sends SIGTERM, and SIGKILL after two seconds. Resolves once it has ended. For an orderly shutdown of the guest, use
   * QMP first.
   */
  end(): Promise<QemuExit>;
}

/**
 * Starts QEMU in its own session: the terminal's Ctrl-C does not reach it, and its output still goes to its log after
 * nestbench has ended. It is killed when this process exits; if this process is killed, `endOwned` finds it.
 * @throws NESTBENCH_PACKAGE_MISSING if there is no such program, NESTBENCH_BOOT_FAILED if it can't be started.
 */
export async function spawnQemu(options: QemuOptions): Promise<QemuProcess> {
  const { argv, pidFile, signal, logFile } = options;
  const [file = '', ...rest] = argv;
  if (!pidFile.endsWith(PID_SUFFIX))
    throw new RangeError(`The name of a pid file must end in ${PID_SUFFIX}: ${pidFile}.`);
  if (signal.aborted) throw aborted(signal, `starting ${file}`, { argv });
  mkdirSync(path.dirname(pidFile), { recursive: true });
  mkdirSync(path.dirname(logFile), { recursive: true });

  const log = openSync(logFile, 'a');
  // What an earlier QEMU left there does not belong to this one.
  const logStart = fstatSync(log).size;
  let child: ChildProcess;
  try {
    child = spawn(file, rest, { detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  if (pid === undefined) {
    const [error]: unknown[] = await once(child, 'error');
    throw notStarted(file, argv, error);
  }
  return watch(child, pid, logStart, options);
}

function watch(child: ChildProcess, pid: number, logStart: number, options: QemuOptions): QemuProcess {
  const { argv, pidFile, signal, logFile } = options;
  const forget = killOnExit(pid);
  const gone = Promise.withResolvers<QemuExit>();
  // Ignores a signal that could not be sent; only whether the process exists matters.
  child.on('error', () => {});
  child.once('exit', (exitCode, by) => {
    forget();
    // QEMU removes it itself, unless it was killed.
    rmSync(pidFile, { force: true });
    signal.removeEventListener('abort', onAbort);
    gone.resolve({ exitCode, signal: by, stderr: endOf(logFile, logStart) });
  });
  let ending: Promise<boolean> | undefined;
  const end = async (): Promise<QemuExit> => {
    await (ending ??= endGroup(pid, GRACE_MS));
    return gone.promise;
  };
  const onAbort = (): void => void end();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    pid,
    argv,
    exited: gone.promise,
    end,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

function endOf(file: string, start: number): string {
  try {
    return lastLines(readFileSync(file).subarray(start).toString());
  } catch {
    return '';
  }
}

function notStarted(file: string, argv: readonly string[], error: unknown): NestbenchError {
  if (errorCode(error) === 'ENOENT') {
    const message = `There is no ${file} on this host. Install it: sudo apt-get install qemu-system-x86 (in Fedora: sudo dnf install qemu-system-x86-core).`;
    return new PackageMissingError({ message, machine: 'host', argv });
  }
  const message = `${file} could not be started: ${reasonOf(error)}.`;
  return new BootError({ message, machine: 'host', argv, cause: error });
}

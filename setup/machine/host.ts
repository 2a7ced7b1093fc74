/** The machine that nestbench itself runs on. */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import {
  assertRunnable,
  checkedOutput,
  GRACE_MS,
  runToEnd,
  type StartedProcess,
  supervise,
} from './command.ts';
import { aborted, reasonOf } from '../lib/error-text.ts';
import { ConnectionError } from './machine-errors.ts';
import type { Machine } from './machine.ts';
import { Output } from './output.ts';
import { endGroup, killOnExit } from '../lib/process-group.ts';

/** How long output may still come after the process group was ended, from a process that left the group. */
const DRAIN_MS = 500;

/**
 * This host as a {@link Machine}. Commands get their own process group, so the terminal's Ctrl-C does not reach them.
 */
export function hostMachine(name = 'host'): Machine {
  const machine: Machine = {
    name,
    run: (argv, options) => runToEnd(machine, argv, options),
    check: (argv, options) => checkedOutput(machine, argv, options),
    async start(argv, options) {
      assertRunnable(name, argv, options.signal);
      return supervise(name, startProcess(argv, options.input ?? ''), options);
    },
    openSocket: (path, signal) =>
      connected(connectSocket(path), signal, `the connection to ${path} on ${name}`, name),
    connect: (address, port, signal) =>
      connected(
        connectSocket(port, address).setNoDelay(true),
        signal,
        `the connection from ${name} to ${address} port ${port}`,
        name,
      ),
    async [Symbol.asyncDispose]() {},
  };
  return machine;
}

function startProcess(argv: readonly string[], input: string): StartedProcess {
  const [file = '', ...rest] = argv;
  const started = new Date();
  // spawn(2) returns once the program is already running, on a busy machine tens of milliseconds later.
  const startedAt = performance.now();
  const subprocess = execa(file, rest, {
    input,
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    stripFinalNewline: false,
  });
  const output = new Output();
  subprocess.stdout.on('data', (chunk: Buffer) => output.push('stdout', chunk));
  subprocess.stderr.on('data', (chunk: Buffer) => output.push('stderr', chunk));

  const { pid } = subprocess;
  const forget = pid === undefined ? undefined : killOnExit(pid);
  const close = async (): Promise<{ exitCode: number | null; signal: string | null }> => {
    const result = await subprocess;
    forget?.();
    if (pid !== undefined) return { exitCode: result.exitCode ?? null, signal: result.signal ?? null };
    // As a shell would report it, so that the same command fails alike on every machine.
    output.push('stderr', Buffer.from(`${file}: ${result.originalMessage ?? 'could not be started'}\n`));
    return { exitCode: result.code === 'ENOENT' ? 127 : 126, signal: null };
  };
  const closed = close();
  return {
    argv,
    started,
    startedAt,
    output,
    closed,
    async end() {
      if (pid === undefined) return;
      const gone = await endGroup(pid, GRACE_MS);
      // A descendant in its own session may hold the pipes open; do not wait for it.
      await Promise.race([closed, sleep(DRAIN_MS)]);
      subprocess.stdout.destroy();
      subprocess.stderr.destroy();
      if (!gone) throw new Error(`process group ${pid} did not end after SIGKILL`);
    },
  };
}

async function connected(
  socket: Socket,
  signal: AbortSignal,
  what: string,
  machine: string,
): Promise<Socket> {
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    if (signal.aborted) throw aborted(signal, what, { machine });
    throw new ConnectionError({
      message: `Could not open ${what}: ${reasonOf(error)}.`,
      machine,
      cause: error,
    });
  }
}

/** A machine at the other end of an SSH connection that stays open. */
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'ssh2';
import type { NestbenchError } from '../../lib/errors.ts';
import { aborted, reasonOf } from '../../lib/error-text.ts';
import { ConnectionError } from '../machine-errors.ts';
import { abortable } from '../../lib/abortable.ts';
import { assertRunnable, checkedOutput, runToEnd, supervise } from '../command.ts';
import type { Machine, RunningCommand } from '../machine.ts';
import { type Connection, openChannel, startRemote } from './ssh-command.ts';

/** How long an orderly end of the connection may take before its stream is destroyed. */
const CLOSE_MS = 1000;

export interface SshMachine extends Machine {
  /**
   * Resolves with the reason when the connection drops; never once the machine is disposed. Never
   * rejects.
   */
  readonly lost: Promise<NestbenchError>;
}

/**
 * Takes over an authenticated client. Disposing ends its running commands, then the connection.
 * @param advice a sentence for whoever reads that the connection was lost.
 */
export function sshMachine(name: string, client: Client, stream: Duplex, advice?: string): SshMachine {
  const dropped = Promise.withResolvers<NestbenchError>();
  const gone = Promise.withResolvers<void>();
  const connection: { name: string; client: Client; lost: NestbenchError | undefined } & Connection = {
    name,
    client,
    lost: undefined,
  };
  const running = new Set<RunningCommand>();
  let disposing: Promise<void> | undefined;
  let lastError: Error | undefined;

  client.on('error', (error) => {
    lastError = error;
  });
  const noteLoss = (): void => {
    const why = lastError === undefined ? 'the other side closed it' : lossOf(lastError);
    connection.lost ??= new ConnectionError({
      message: `The SSH connection to ${name} was lost: ${why}.${advice === undefined ? '' : ` ${advice}`}`,
      machine: name,
      cause: lastError,
    });
    if (disposing === undefined) dropped.resolve(connection.lost);
  };
  // sshd has ended, and what is in between may hold its own end open: ssh2 would send no more keepalives and wait.
  client.on('end', () => {
    noteLoss();
    stream.destroy();
  });
  // ssh2 emits this before it closes the channels, so their commands find the reason.
  client.on('close', () => {
    noteLoss();
    gone.resolve();
  });

  const machine: SshMachine = {
    name,
    lost: dropped.promise,
    run: (argv, options) => runToEnd(machine, argv, options),
    check: (argv, options) => checkedOutput(machine, argv, options),
    async start(argv, options) {
      assertRunnable(name, argv, options.signal);
      if (connection.lost !== undefined) throw connection.lost;
      const remote = startRemote(connection, argv, options.input ?? '');
      const command = supervise(name, remote, options);
      running.add(command);
      void Promise.allSettled([command.exited]).then(() => running.delete(command));
      const runs = await Promise.race([remote.marked, command.exited]);
      // If it never ran, this says why.
      if (runs === false) await command.exited;
      return command;
    },
    openSocket: (path, signal) =>
      forwarded(connection, `the connection to ${path} on ${name}`, signal, (callback) =>
        client.openssh_forwardOutStreamLocal(path, callback),
      ),
    connect: (address, port, signal) =>
      forwarded(
        connection,
        `the connection from ${name} to ${address} port ${port}`,
        signal,
        // The origin is only for the server's log.
        (callback) => client.forwardOut('127.0.0.1', 0, address, port, callback),
      ),
    [Symbol.asyncDispose]: () => (disposing ??= dispose()),
  };

  async function dispose(): Promise<void> {
    await Promise.allSettled([...running].map((command) => command.stop()));
    connection.lost ??= new ConnectionError({
      message: `The SSH connection to ${name} was ended.`,
      machine: name,
    });
    client.end();
    await Promise.race([gone.promise, sleep(CLOSE_MS)]);
    stream.destroy();
  }
  return machine;
}

/** In ssh2's words, except where they do not say what happened. */
function lossOf(error: Error): string {
  const reason = reasonOf(error);
  return reason === 'Keepalive timeout' ? `it no longer answers (${reason})` : reason;
}

async function forwarded(
  connection: Connection,
  what: string,
  signal: AbortSignal,
  open: Parameters<typeof openChannel>[2],
): Promise<Duplex> {
  const facts = { machine: connection.name };
  if (signal.aborted) throw aborted(signal, what, facts);
  if (connection.lost !== undefined) throw connection.lost;
  const opening = openChannel(connection, what, open);
  try {
    return await abortable(opening, signal, () => aborted(signal, what, facts));
  } catch (error) {
    opening.then(
      (late) => late.destroy(),
      () => {},
    );
    throw error;
  }
}

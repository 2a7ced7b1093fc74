/**
 * Commands over an SSH connection, and how to end them reliably.
 *
 * OpenSSH's sshd answers a channel's `signal` request with killpg, but rejects it for root logins ("session signalling
 * requires privilege separation", session.c), and nestbench logs in to every level as root. So it sends no such
 * request. The shell that sshd starts leads its own session and process group (setsid in do_exec_no_pty; the guests'
 * shell does it itself, because their Dropbear does not). It prints its process id on standard error before it becomes
 * the command. To end the command, a second exec sends SIGTERM and SIGKILL to that group and waits until nothing of it
 * runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import type { NestbenchError } from '../../lib/errors.ts';
import { reasonOf, words } from '../../lib/error-text.ts';
import { ConnectionError } from '../machine-errors.ts';
import { GRACE_MS, type StartedProcess } from '../command.ts';
import { Output } from '../output.ts';
import { quote } from '../../lib/quote.ts';

/** What a command needs from a connection. */
export interface Connection {
  readonly name: string;
  readonly client: Client;
  /** Why it was lost, once it was. */
  readonly lost: NestbenchError | undefined;
}

const MARK = 'nestbench-group ';
const DRAIN_MS = 500;
/** How long ending may take, with its own exec and both grace periods, before a level counts as unreachable. */
const END_SECONDS = 10;

/** Opens a session channel and runs `line` in it. */
export function openExec(connection: Connection, line: string): Promise<ClientChannel> {
  return openChannel(connection, 'a session', (callback) => connection.client.exec(line, callback));
}

/** Opens a channel. If the connection is lost meanwhile, that is the reported reason. */
export function openChannel(
  connection: Connection,
  what: string,
  open: (callback: (error: Error | undefined, channel: ClientChannel) => void) => void,
): Promise<ClientChannel> {
  const { name } = connection;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(
        connection.lost ??
          new ConnectionError({
            message: `sshd on ${name} refused ${what}: ${reasonOf(error)}.`,
            machine: name,
            cause: error,
          }),
      );
    try {
      open((error, channel) => (error === undefined ? resolve(channel) : fail(error)));
    } catch (error) {
      fail(error);
    }
  });
}

/** A remote command. `marked` resolves with true once it runs there, with false if it never will. */
export function startRemote(
  connection: Connection,
  argv: readonly string[],
  input: string,
): StartedProcess & { readonly marked: Promise<boolean> } {
  const { name } = connection;
  const output = new Output();
  const marked = Promise.withResolvers<boolean>();
  const mark = new GroupMark();
  let ending = false;
  const started = new Date();
  const startedAt = performance.now();
  const opening = openExec(connection, `echo '${MARK}'$$ >&2; exec ${quote(argv)}`);

  const close = async (): Promise<{ exitCode: number | null; signal: string | null }> => {
    try {
      const channel = await opening;
      channel.on('data', (chunk: Buffer) => output.push('stdout', chunk));
      channel.stderr.on('data', (chunk: Buffer) => {
        output.push('stderr', mark.strip(chunk));
        if (mark.group !== undefined) marked.resolve(true);
      });
      const ended = Promise.all([exitOf(channel), eventOf(channel.stderr, 'end')]);
      channel.end(input);
      const [exit] = await ended;
      output.push('stderr', mark.rest());
      if (connection.lost !== undefined) throw connection.lost;
      if (exit !== undefined) return exit;
      if (ending) return { exitCode: null, signal: null };
      throw new ConnectionError({
        message: `sshd on ${name} closed the session of a command that had not ended.`,
        machine: name,
      });
    } finally {
      marked.resolve(false);
    }
  };
  const closed = close();
  closed.catch(() => {});

  const end = async (): Promise<void> => {
    ending = true;
    const channel = await opening;
    await marked.promise;
    // Already closed: by its own end, or with the connection.
    if (mark.group === undefined || connection.lost !== undefined) return;
    await endRemoteGroup(connection, mark.group);
    // A descendant in its own session may hold the output open; do not wait for it.
    await Promise.race([Promise.allSettled([closed]), sleep(DRAIN_MS)]);
    channel.close();
  };
  return {
    argv,
    started,
    startedAt,
    output,
    closed,
    marked: marked.promise,
    end: () =>
      within(
        () =>
          new ConnectionError({
            message: `${name} did not answer within ${END_SECONDS} s when "${words(argv)}" was to be ended there: the machine hangs, or its network is gone.`,
            machine: name,
            argv,
            seconds: END_SECONDS,
          }),
        end(),
        () => opening.then((channel) => channel.close()).catch(() => {}),
      ),
  };
}

/** Finds the group's number on standard error and removes its line. */
class GroupMark {
  group: number | undefined;
  #held = Buffer.alloc(0);

  /** Returns the part of this chunk that is the command's own output. */
  strip(chunk: Buffer): Buffer {
    if (this.group !== undefined) return chunk;
    this.#held = Buffer.concat([this.#held, chunk]);
    const text = this.#held.toString('latin1');
    const found = new RegExp(`${MARK}(\\d+)\\n`).exec(text);
    if (found === null) return Buffer.alloc(0);
    this.group = Number(found[1]);
    const after = this.#held.subarray(found.index + found[0].length);
    // A login shell's own messages come before it.
    return Buffer.concat([this.#held.subarray(0, found.index), after]);
  }

  /** Output that was held back without need. */
  rest(): Buffer {
    return this.group === undefined ? this.#held : Buffer.alloc(0);
  }
}

/** The same as process-group.ts, in plain POSIX shell. A zombie also counts for kill -0, so look at /proc. */
async function endRemoteGroup(connection: Connection, group: number): Promise<void> {
  const tenths = GRACE_MS / 100;
  const script = `
    alive() {
      kill -s 0 -- -${group} || return 1
      for file in /proc/[0-9]*/stat; do
        read -r line <"$file" || continue
        set -- \${line##*) }
        if [ "$3" = ${group} ] && [ "$1" != Z ]; then return 0; fi
      done
      return 1
    }
    gone() {
      i=0
      while alive; do
        if [ $i -ge $1 ]; then return 1; fi
        i=$((i+1))
        sleep 0.1
      done
    }
    exec 2>/dev/null
    kill -s TERM -- -${group}
    gone ${tenths} && exit 0
    kill -s KILL -- -${group}
    gone 30`;
  const channel = await openExec(connection, `exec sh -c ${quote([script])}`);
  channel.resume();
  channel.stderr.resume();
  const closed = exitOf(channel);
  channel.end();
  const exit = await closed;
  if (connection.lost !== undefined) throw connection.lost;
  if (exit?.exitCode !== 0)
    throw new ConnectionError({
      message: `Process group ${group} on ${connection.name} did not end after SIGKILL.`,
      machine: connection.name,
    });
}

/**
 * How a command exited, once its channel is closed; undefined if sshd never reported it. The `exit` event is not used:
 * for a quick command in a busy process, it arrives together with the news that the command runs, before anybody can
 * listen. `close` comes after the end of the output, with the same arguments.
 */
function exitOf(
  channel: ClientChannel,
): Promise<{ exitCode: number | null; signal: string | null } | undefined> {
  return new Promise((resolve) => {
    channel.once('close', (...[code, signal]: [code?: number | null, signal?: string]) => {
      resolve(code === undefined ? undefined : { exitCode: code, signal: signal ?? null });
    });
  });
}

function eventOf(emitter: NodeJS.EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => {
    emitter.once(event, () => resolve());
  });
}

async function within(
  noAnswer: () => NestbenchError,
  work: Promise<void>,
  giveUp: () => Promise<void>,
): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(noAnswer());
    void giveUp();
  }, END_SECONDS * 1000);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What every machine of a testbed can do: this host, an emulated server, a client or a level of a stack. */
import type { Duplex } from 'node:stream';

export interface Completed {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** null if a signal ended it. 127: there is no such program; 126: it can't be executed. */
  readonly exitCode: number | null;
  /** `SIGTERM` and so on; null if it exited by itself. */
  readonly signal: string | null;
  /** Wall time from its start to the end of its output. */
  readonly seconds: number;
  readonly started: Date;
}

export interface RunOptions {
  /**
   * Ends the command, with all of its process group. The promise rejects with the signal's reason if that is a
   * NestbenchError, otherwise with NESTBENCH_ABORTED, and only once the command has ended. A machine that stops
   * answering is given up after ten seconds, and the error says that it is unknown what still runs there.
   */
  readonly signal: AbortSignal;
  /** Ends it in the same way after this many seconds, with NESTBENCH_DEADLINE. `Infinity` for none. */
  readonly deadlineSeconds: number;
  /** Its standard input; empty by default. */
  readonly input?: string;
  /** What errors name in its place, for a command that runs inside another. */
  readonly shown?: readonly string[];
}

/**
 * A machine that runs commands. Each argv runs verbatim, without a shell. A command has ended when its process has
 * exited and nothing holds its standard output or error open any more: a daemon must be started with both redirected.
 */
export interface Machine extends AsyncDisposable {
  /** `host`, `client`, `l0` ... `l3`. */
  readonly name: string;

  /**
   * Runs a command to its end. A nonzero exit code resolves.
   * @throws NESTBENCH_CONNECTION_LOST, NESTBENCH_DEADLINE or NESTBENCH_ABORTED.
   */
  run(argv: readonly string[], options: RunOptions): Promise<Completed>;

  /**
   * Runs a command that must succeed.
   * @returns its standard output.
   * @throws NESTBENCH_COMMAND_FAILED with the exit code and the end of what it printed, and what `run` throws.
   */
  check(argv: readonly string[], options: RunOptions): Promise<string>;

  /** Starts a command that continues to run; resolves once it runs. */
  start(argv: readonly string[], options: RunOptions): Promise<RunningCommand>;

  /** Connects to a Unix socket on this machine. The caller must destroy the stream. */
  openSocket(path: string, signal: AbortSignal): Promise<Duplex>;

  /** Opens a TCP connection from this machine. The caller must destroy the stream. */
  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** A running command; disposing it stops it. */
export interface RunningCommand extends AsyncDisposable {
  /** Rejects like `Machine.run`. Without a listener, a rejection is not reported as unhandled. */
  readonly exited: Promise<Completed>;
  /** What it has printed so far, standard output and error as they arrived. */
  output(): string;
  /**
   * Sends SIGTERM to its process group, and SIGKILL after a grace period. Resolves once nothing of the group is left.
   */
  stop(): Promise<Completed>;
}

/** What every machine of a testbed can do, be it this host, an emulated server, a client or a level of a stack. */
import type { Duplex } from 'node:stream';

/** A command that has ended. */
export interface Completed {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** Null where a signal ended it. 127: there is no such program; 126: it can't be executed. */
  readonly exitCode: number | null;
  /** `SIGTERM` and so on, null where it exited by itself. */
  readonly signal: string | null;
  /** Wall time from its start to the end of its output. */
  readonly seconds: number;
  readonly started: Date;
}

export interface RunOptions {
  /**
   * Ends the command, with all of its process group. The promise rejects with the signal's reason where that is a
   * NestbenchError, else with NESTBENCH_ABORTED, and only once the command has ended; a machine that does not answer
   * any more is given up after ten seconds, and the error says that it is not known what still runs there.
   */
  readonly signal: AbortSignal;
  /** The same after so many seconds, with NESTBENCH_DEADLINE. `Infinity` for none. */
  readonly deadlineSeconds: number;
  /** Its standard input; empty where not given. */
  readonly input?: string;
}

/**
 * A machine that runs commands. Each argv is run as it stands, without a shell. A command counts as ended when its
 * process has exited and nothing holds its standard output or error open any more: a daemon must be started with
 * both redirected.
 */
export interface Machine extends AsyncDisposable {
  /** `host`, `client`, `l0` ... `l3`. */
  readonly name: string;

  /**
   * Runs a command to its end. A nonzero exit resolves.
   * @throws NESTBENCH_CONNECTION_LOST, NESTBENCH_DEADLINE or NESTBENCH_ABORTED.
   */
  run(argv: readonly string[], options: RunOptions): Promise<Completed>;

  /**
   * Runs a command that must succeed.
   * @returns its standard output.
   * @throws NESTBENCH_COMMAND_FAILED with the exit code and the end of what it printed, and what `run` throws.
   */
  check(argv: readonly string[], options: RunOptions): Promise<string>;

  /** Starts a command that runs on; resolves once it runs. */
  start(argv: readonly string[], options: RunOptions): Promise<RunningCommand>;

  /** Connects to a Unix socket on this machine. The stream is the caller's to destroy. */
  openSocket(path: string, signal: AbortSignal): Promise<Duplex>;

  /** Makes a TCP connection from this machine. The stream is the caller's to destroy. */
  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** A command that runs; disposing it stops it. */
export interface RunningCommand extends AsyncDisposable {
  /** Rejects as `Machine.run` does. Nobody has to listen: a rejection here is never an unhandled one. */
  readonly exited: Promise<Completed>;
  /** What it has printed so far, standard output and error as they arrived. */
  output(): string;
  /** TERM to its process group, KILL after a grace. Resolves once nothing of the group is left. */
  stop(): Promise<Completed>;
}

/** Runs build tools: output goes to a log and line by line to a watcher, and the process group ends as a whole. */
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { type NestbenchError, NoSpaceError } from '../lib/errors.ts';
import { aborted, words } from '../lib/error-text.ts';
import { BuildError } from './build-errors.ts';
import { endGroup, killOnExit } from '../lib/process-group.ts';
import { errorLines } from './error-lines.ts';

/** The time after SIGTERM for make and mmdebstrap to end their children and remove their temporary files. */
const GRACE_MS = 5000;

export interface ToolOptions {
  /** Its purpose, as in `building the kernel`. */
  readonly purpose: string;
  readonly signal: AbortSignal;
  /** A file that its output is appended to. */
  readonly log: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  /** Words before the tool's that say where it runs; not shown. */
  readonly prefix?: readonly string[];
}

/** Where a source is built: on this host, in the toolchain, or in a container. */
export interface BuildPlace {
  /** The workplace's directory, by its path there. */
  readonly directory: string;
  /** Like {@link runTool}; `cwd` is a path there. */
  run(argv: readonly string[], options: ToolOptions): Promise<void>;
}

/**
 * Runs a tool to its end; its environment is {@link toolEnvironment} and `env`.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the tool's own error lines, if it fails.
 */
export async function runTool(argv: readonly string[], options: ToolOptions): Promise<void> {
  const { signal, purpose, log } = options;
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  const started = performance.now();
  // SIGTERM when this process is killed: make and mmdebstrap then end their own children.
  const subprocess = execa('setpriv', ['--pdeathsig', 'TERM', '--', ...(options.prefix ?? []), ...argv], {
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    all: true,
    stdin: 'ignore',
    extendEnv: false,
    env: { ...toolEnvironment(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { pid } = subprocess;
  const forget = pid === undefined ? undefined : killOnExit(pid);
  let ended: Promise<unknown> | undefined;
  const stop = (): void => {
    if (pid !== undefined) ended ??= endGroup(pid, GRACE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  const lines = await followOutput(argv, subprocess.all, options);
  const { exitCode, signal: killedBy, originalMessage } = await subprocess;
  await ended;
  signal.removeEventListener('abort', stop);
  forget?.();
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  if (exitCode === 0) return;

  const how =
    killedBy === undefined ? `exited with ${exitCode ?? originalMessage}` : `was ended by ${killedBy}`;
  throw toolFailure({ argv, purpose, log, lines, how, started, exitCode });
}

/**
 * Appends a tool's output to the log as it comes.
 * @returns its lines, once there are no more.
 */
export async function followOutput(
  argv: readonly string[],
  output: Readable,
  { log, onLine }: Pick<ToolOptions, 'log' | 'onLine'>,
): Promise<string[]> {
  const logged = createWriteStream(log, { flags: 'a' });
  logged.write(`$ ${argv.join(' ')}\n`);
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: output })) {
      lines.push(line);
      logged.write(`${line}\n`);
      onLine?.(line);
    }
  } finally {
    logged.end();
    await finished(logged);
  }
  return lines;
}

/** NESTBENCH_BUILD_FAILED with the tool's own error lines, or NESTBENCH_NO_SPACE if that was the reason. */
export function toolFailure(tool: {
  readonly argv: readonly string[];
  readonly purpose: string;
  readonly log: string;
  readonly lines: readonly string[];
  /** Such as `exited with 2`. */
  readonly how: string;
  /** By `performance.now()`. */
  readonly started: number;
  readonly exitCode?: number | undefined;
}): NestbenchError {
  const { argv, purpose, log, lines, how, exitCode } = tool;
  const seconds = (performance.now() - tool.started) / 1000;
  const output = errorLines(lines);
  const message = `${upperFirst(purpose)} failed: "${words(argv)}" ${how}:\n${output}\nThe whole log is ${log}`;
  const details = { message, machine: 'host', argv, exitCode: exitCode ?? null, seconds, output };
  return /No space left on device/.test(output) ? new NoSpaceError(details) : new BuildError(details);
}

/**
 * Only the part of the environment that tools need: an ARCH or MAKEFLAGS that happens to be set must not affect builds.
 */
export function toolEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'http_proxy', 'https_proxy', 'no_proxy'];
  const environment: Record<string, string> = { LC_ALL: 'C.UTF-8' };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  // An ordinary user's PATH on Debian has no sbin, which has chroot and mkfs.
  environment['PATH'] = `${environment['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
  return environment;
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

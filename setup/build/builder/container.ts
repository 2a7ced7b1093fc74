/** Runs one tool in a container of an engine with Docker's API. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { GenericContainer } from 'testcontainers';
import { aborted, reasonOf } from '../../lib/error-text.ts';
import { BuildError } from '../build-errors.ts';
import { isRunning, pidNamespace, processStat } from '../../lib/proc.ts';
import { followOutput, toolFailure, type ToolOptions } from '../tool.ts';
import type { Engine } from './engine.ts';

type Dockerode = Engine['container']['dockerode'];

/** Who started a container: its pid namespace, pid and start time, which identify a process permanently. */
const OWNER = 'nestbench.owner';
/** A home directory for make and configure. */
const ENVIRONMENT = { LC_ALL: 'C.UTF-8', HOME: '/tmp' };
/**
 * The output of a container that has ended is complete if nothing came for this long. Podman 4.3.1 never ends it for
 * about one in 400 containers that end at once.
 */
const QUIET_MS = 5000;

export interface ContainerOptions extends ToolOptions {
  /** It has the same path there. */
  readonly directory: string;
  /**
   * Whether it runs as root, with the host's network. Otherwise it has no network, and its files belong to this user.
   */
  readonly asRoot: boolean;
  /** A sentence: what to do if no container can be started. */
  readonly otherwise: string;
}

/**
 * Like {@link runTool}, in its own container, which is removed however the tool ends. It does not use testcontainers'
 * reaper, which is another image to download; {@link sweepContainers} removes what a kill -9 leaves.
 * @returns the lines that it printed.
 */
export async function runInContainer(
  engine: Engine,
  image: string,
  argv: readonly string[],
  options: ContainerOptions,
): Promise<string[]> {
  const { signal, purpose, log, directory, asRoot, otherwise } = options;
  const { dockerode } = engine.container;
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  const started = performance.now();
  const [program = '', ...words] = argv;
  const name = `nestbench-${randomUUID()}`;
  const onAbort = (): void => void remove(dockerode, name);
  signal.addEventListener('abort', onAbort, { once: true });
  const output = new PassThrough();
  let lines: Promise<string[]> | undefined;
  let exitCode: number;
  try {
    const toStart = new GenericContainer(image)
      .withName(name)
      .withAutoCleanup(false)
      .withLabels({ [OWNER]: ownerName(process.pid) ?? '' })
      .withBindMounts([{ source: directory, target: directory, mode: 'rw' }])
      // SELinux would keep it from the directory, whose label is that of the user's files.
      .withSecurityOpt('label=disable')
      .withNetworkMode(asRoot ? 'host' : 'none')
      .withUser(asRoot ? '0:0' : await ownUser(dockerode))
      .withWorkingDir(options.cwd ?? directory)
      .withEnvironment({ ...ENVIRONMENT, ...options.env })
      .withEntrypoint([program])
      .withCommand(words)
      .withDefaultLogDriver();
    await start(toStart);
    // An abort before this had nothing to remove.
    if (signal.aborted) onAbort();
    const container = dockerode.getContainer(name);
    (await engine.container.logs(container)).pipe(output);
    lines = followOutput(argv, output, options);
    // Awaited below.
    lines.catch(() => {});
    exitCode = (await container.wait()).StatusCode;
  } catch (error) {
    if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
    const message = `No container could be started to build in: ${reasonOf(error)} ${otherwise}`;
    const facts = { machine: 'host', argv };
    throw new BuildError({ message, ...facts, cause: error });
  } finally {
    // Removing the container would lose the rest of its output.
    if (lines !== undefined) await untilQuiet(output, lines);
    await remove(dockerode, name);
    signal.removeEventListener('abort', onAbort);
  }
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  const printed = (await lines) ?? [];
  if (exitCode === 0) return printed;
  const how = `exited with ${exitCode} in a container`;
  throw toolFailure({ argv, purpose, log, lines: printed, how, started, exitCode });
}

/**
 * Starts a container. testcontainers then inspects it, which fails in Podman before 4.4 if it ends at that moment
 * (containers/podman#16383); it has run then.
 */
async function start(container: GenericContainer): Promise<void> {
  try {
    await container.start();
  } catch (error) {
    if (!/read \/proc\/\d+\/cgroup: no such process/.test(reasonOf(error))) throw error;
  }
}

/** Waits for the end of a container's output, and ends it once nothing comes any more. */
async function untilQuiet(output: PassThrough, lines: Promise<unknown>): Promise<void> {
  const idle = setTimeout(() => output.end(), QUIET_MS);
  output.on('data', () => idle.refresh());
  await lines.catch(() => {});
  clearTimeout(idle);
}

/** Fails if the engine is on another machine, which has a different directory of that name. */
const CHECK = `[ -w "$0" ] && [ -e "$0/.nestbench" ] || { echo "A container can't write this host's $0. $1"; exit 1; }`;

/**
 * Runs a shell command in a container with this host's directory.
 * @returns what it printed.
 */
export async function askContainer(
  engine: Engine,
  image: string,
  command: string,
  options: Omit<ContainerOptions, 'purpose'>,
): Promise<string> {
  const { directory, otherwise } = options;
  const mark = path.join(directory, '.nestbench');
  await writeFile(mark, '');
  const argv = ['sh', '-euc', `${CHECK}\n${command}`, directory, otherwise];
  try {
    const lines = await runInContainer(engine, image, argv, { ...options, purpose: 'trying a container' });
    return lines.join('\n').trim();
  } finally {
    await rm(mark);
  }
}

/** The user who owns this user's files: root, for an engine that does not run as root. */
async function ownUser(dockerode: Dockerode): Promise<string> {
  const { SecurityOptions = [] }: { SecurityOptions?: string[] } = await dockerode.info();
  const isRootless = SecurityOptions.some((option) => option.includes('rootless'));
  return isRootless ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}

/** Identifies this boot of this host and the pid namespace, because an engine may serve others too. */
export function processNamespace(): string {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${bootId} ${pidNamespace()}`;
}

/** Identifies a process permanently; undefined if it has ended. */
function ownerName(pid: number): string | undefined {
  const stat = processStat(pid);
  return isRunning(stat) ? `${processNamespace()} ${pid}:${stat.startTicks}` : undefined;
}

/** Removes the containers of builds that were killed. */
export async function sweepContainers({ container: { dockerode } }: Engine): Promise<void> {
  const owned = await dockerode.listContainers({ all: true, filters: { label: [OWNER] } });
  for (const { Id, Labels } of owned) {
    const owner = Labels[OWNER] ?? '';
    const [, namespace, pid] = /^(.+) (\d+):\d+$/.exec(owner) ?? [];
    if (namespace === processNamespace() && ownerName(Number(pid)) !== owner) await remove(dockerode, Id);
  }
}

/** Resolves once the container, by id or name, no longer exists. It may have been removed already. */
async function remove(dockerode: Dockerode, container: string): Promise<void> {
  const existing = dockerode.getContainer(container);
  try {
    await existing.remove({ force: true });
  } catch (error) {
    // A conflict: the engine is already removing it.
    if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 409)) return;
    await existing.wait({ condition: 'removed' }).catch(() => {});
  }
}

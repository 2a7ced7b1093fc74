/** Runs one tool in a container of an engine that speaks Docker's API. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { GenericContainer, StartupCheckStrategy, type StartupStatus } from 'testcontainers';
import { aborted, reasonOf } from '../../lib/error-text.ts';
import { BuildError } from '../build-errors.ts';
import { isRunning, processStat } from '../../lib/proc.ts';
import { followOutput, toolFailure, type ToolOptions } from '../tool.ts';
import type { Engine } from './engine.ts';

type Dockerode = Engine['container']['dockerode'];

/** Who started a container: where its pid counts, its pid, and when it started, which name a process for good. */
const OWNER = 'nestbench.owner';
/** Where make and configure find a home. */
const ENVIRONMENT = { LC_ALL: 'C.UTF-8', HOME: '/tmp' };

export interface ContainerOptions extends ToolOptions {
  /** Seen there by the same name. */
  readonly directory: string;
  /** Whether it runs as root, with the host's network. Else it has no network, and what it makes belongs to this user. */
  readonly asRoot: boolean;
  /** A sentence: what to do where no container can be started. */
  readonly otherwise: string;
}

/**
 * As {@link runTool}, in a container of its own that is removed however the tool ends. testcontainers' reaper is not used: it
 * is one more image to fetch, and {@link sweepContainers} removes what a kill -9 leaves.
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
  const end = new CommandEnd();
  let output: Promise<string[]> = Promise.resolve([]);
  const onStart = (stream: Readable): void => {
    output = followOutput(argv, stream, options);
    // Awaited below.
    output.catch(() => {});
    // Before, there was nothing to remove.
    if (signal.aborted) onAbort();
  };
  try {
    await new GenericContainer(image)
      .withName(name)
      .withAutoCleanup(false)
      .withLabels({ [OWNER]: ownerName(process.pid) ?? '' })
      .withBindMounts([{ source: directory, target: directory, mode: 'rw' }])
      .withNetworkMode(asRoot ? 'host' : 'none')
      .withUser(asRoot ? '0:0' : await ownUser(dockerode))
      .withWorkingDir(options.cwd ?? directory)
      .withEnvironment({ ...ENVIRONMENT, ...options.env })
      .withEntrypoint([program])
      .withCommand(words)
      .withDefaultLogDriver()
      .withLogConsumer(onStart)
      .withWaitStrategy(end)
      .start();
  } catch (error) {
    if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
    const message = `No container could be started to build in: ${reasonOf(error)} ${otherwise}`;
    const facts = { machine: 'host', argv };
    throw new BuildError({ message, ...facts, cause: error });
  } finally {
    // With its container the rest of its output would be gone.
    await output.catch(() => {});
    await remove(dockerode, name);
    signal.removeEventListener('abort', onAbort);
  }
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  const { exitCode } = end;
  const lines = await output;
  if (exitCode === 0) return lines;
  const how = `exited with ${exitCode} in a container`;
  throw toolFailure({ argv, purpose, log, lines, how, started, exitCode });
}

/** Fails where the engine is on another machine, which has another directory of that name. */
const CHECK = `[ -w "$0" ] && [ -e "$0/.nestbench" ] || { echo "A container can't write this host's $0. $1"; exit 1; }`;

/** Runs a shell command in a container that has this host's directory. @returns what it printed. */
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

/** As testcontainers' Wait.forOneShotStartup, which looks only once a second and drops the exit code. */
class CommandEnd extends StartupCheckStrategy {
  exitCode = -1;

  override async checkStartupState(dockerode: Dockerode, id: string): Promise<StartupStatus> {
    this.exitCode = (await dockerode.getContainer(id).wait()).StatusCode;
    return 'SUCCESS';
  }
}

/** Whose files are this user's: root of an engine without root is whoever runs that. */
async function ownUser(dockerode: Dockerode): Promise<string> {
  const { SecurityOptions = [] }: { SecurityOptions?: string[] } = await dockerode.info();
  const isRootless = SecurityOptions.some((option) => option.includes('rootless'));
  return isRootless ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}

/** Of this start of this host, and of the namespace that pids are of here: an engine may serve others. */
export function processNamespace(): string {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${bootId} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** What no other process ever has as its name; undefined where this one has ended. */
function ownerName(pid: number): string | undefined {
  const stat = processStat(pid);
  return isRunning(stat) ? `${processNamespace()} ${pid}:${stat.startTicks}` : undefined;
}

/** Removes the containers of builds that were killed. */
export async function sweepContainers({ container: { dockerode } }: Engine): Promise<void> {
  const ours = await dockerode.listContainers({ all: true, filters: { label: [OWNER] } });
  for (const { Id, Labels } of ours) {
    const owner = Labels[OWNER] ?? '';
    const [, namespace, pid] = /^(.+) (\d+):\d+$/.exec(owner) ?? [];
    if (namespace === processNamespace() && ownerName(Number(pid)) !== owner) await remove(dockerode, Id);
  }
}

/** By its id or name; it may be gone already. */
async function remove(dockerode: Dockerode, container: string): Promise<void> {
  await dockerode
    .getContainer(container)
    .remove({ force: true })
    .catch(() => {});
}

/**
 * Builds in a container of an engine that speaks Docker's API, found as testcontainers finds it. The image is made of a
 * Dockerfile of ours and named by its hash; what is built there has no network.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { NestbenchError } from '../../lib/errors.ts';
import { aborted, lastLines, reasonOf } from '../../lib/error-text.ts';
import { isRunning, processStat } from '../../lib/proc.ts';
import { tell } from '../../lib/task-progress.ts';
import type { Builder, Vintage } from './builder.ts';
import type { Engine } from './engine.ts';
import { sha256 } from '../../lib/hash.ts';
import { followOutput, toolFailure, type ToolOptions } from '../tool.ts';

const REPOSITORY = 'nestbench-builder';
/** Who started a container: where its pid counts, its pid, and when it started, which name a process for good. */
const OWNER = 'nestbench.owner';
const DOCKERFILES = import.meta.dirname;

/**
 * @param directory of the Dockerfiles, `VINTAGE.Dockerfile`.
 * @throws NESTBENCH_BUILD_FAILED where the image can't be made: an older one of the same name is never taken for it.
 */
export async function containerBuilder(
  engine: Engine,
  vintage: Vintage,
  signal: AbortSignal,
  directory = DOCKERFILES,
): Promise<Builder> {
  await sweepContainers(engine);
  const dockerfile = path.join(directory, `${vintage}.Dockerfile`);
  const tag = `${vintage}-${sha256(await readFile(dockerfile)).slice(0, 16)}`;
  const known = await imageId(engine, `${REPOSITORY}:${tag}`);
  const image = known ?? (await makeImage(engine, tag, dockerfile, signal));
  return {
    kind: 'container',
    identity: `image ${image}`,
    async open(place, within) {
      const { said, ...opened } = await openContainer(engine, image, place, within, AS_BUILDER);
      return { directory: place, gcc: said, ...opened };
    },
  };
}

/** Its id, a digest of all that is in it; undefined where there is no such image. */
async function imageId({ container: { dockerode } }: Engine, name: string): Promise<string | undefined> {
  try {
    return (await dockerode.getImage(name).inspect()).Id;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** It gets its name only once it is whole. */
async function makeImage(
  engine: Engine,
  tag: string,
  dockerfile: string,
  signal: AbortSignal,
): Promise<string> {
  const { dockerode } = engine.container;
  const task = 'builder';
  const name = `${REPOSITORY}:${tag}`;
  const part = `${REPOSITORY}:part-${process.pid}`;
  tell({ task, text: `making the image ${name}`, state: 'running' });
  const lines: string[] = [];
  try {
    const progress = await dockerode.buildImage(
      { context: path.dirname(dockerfile), src: [path.basename(dockerfile)] },
      { dockerfile: path.basename(dockerfile), t: part, rm: true, forcerm: true, abortSignal: signal },
    );
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(
        progress,
        (error) => (error ? reject(error) : resolve()),
        ({ stream = '', error = '' }: { stream?: string; error?: string }) => {
          for (const line of stripVTControlCharacters(`${stream}${error}`).split('\n')) {
            if (line.trim() === '') continue;
            lines.push(line.trimEnd());
            tell({ task, text: line.trim(), state: 'running' });
          }
        },
      );
    });
    const id = await imageId(engine, part);
    if (id === undefined) throw new Error('the engine made none, and said nothing');
    await dockerode.getImage(part).tag({ repo: REPOSITORY, tag });
    await dockerode.getImage(part).remove();
    tell({ task, text: `the image ${name} is made`, state: 'done' });
    return id;
  } catch (error) {
    if (signal.aborted) throw aborted(signal, `making the image ${name}`, { machine: 'host' });
    const output = lastLines([...lines, reasonOf(error)].join('\n'));
    tell({ task, text: `the image ${name} could not be made`, state: 'failed' });
    throw new NestbenchError(
      'NESTBENCH_BUILD_FAILED',
      'infrastructure',
      `The builder's image ${name} could not be made. The engine said:\n${output}`,
      { machine: 'host', output },
      { cause: error },
    );
  }
}

/** Where make and configure find a home. */
const ENVIRONMENT = { LC_ALL: 'C.UTF-8', HOME: '/tmp' };

export interface ContainerPlace extends AsyncDisposable {
  /** What {@link ContainerOptions.ask} printed. */
  readonly said: string;
  /** As `runTool`, inside. */
  run(argv: readonly string[], options: ToolOptions): Promise<void>;
}

export interface ContainerOptions {
  /** As its root, and with the host's network; else it has no network, and makes files of this user. */
  readonly asRoot: boolean;
  /** A shell command that has to succeed there at first. */
  readonly ask: string;
  /** What to do where there can be no container: a sentence. */
  readonly otherwise: string;
}

const AS_BUILDER: ContainerOptions = {
  asRoot: false,
  ask: 'gcc -dumpfullversion',
  otherwise: 'With "builder: host" this host\'s compilers build.',
};

/** Starts a container that sees `directory` by the same name; disposing it ends whatever still runs there. */
export async function openContainer(
  engine: Engine,
  image: string,
  directory: string,
  signal: AbortSignal,
  options: ContainerOptions,
): Promise<ContainerPlace> {
  signal.throwIfAborted();
  const container = await startContainer(engine, image, directory, options);
  let ending: Promise<unknown> | undefined;
  const end = (): Promise<unknown> => (ending ??= container.stop({ timeout: 0, remove: true }));
  const onAbort = (): void => void end().catch(() => {});
  signal.addEventListener('abort', onAbort, { once: true });
  const asyncDispose = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort);
    await end();
  };
  try {
    signal.throwIfAborted();
    // An engine on another machine has another directory of that name.
    const ask = `test -d "$0" && test -w "$0" && test -e "$0/.nestbench" && exec ${options.ask}`;
    const mark = path.join(directory, '.nestbench');
    await writeFile(mark, '');
    const { output, exitCode } = await container.exec(['sh', '-c', ask, directory]);
    await rm(mark);
    if (exitCode !== 0) {
      const why = `${directory} can't be written there, or "${options.ask}" failed. ${output}`;
      throw unusable(why, options);
    }
    return {
      said: output.trim(),
      run: (argv, toolOptions) => runInContainer(engine, container, argv, toolOptions),
      [Symbol.asyncDispose]: asyncDispose,
    };
  } catch (error) {
    await asyncDispose().catch(() => {});
    if (signal.aborted) throw aborted(signal, 'starting a container', { machine: 'host' });
    throw error;
  }
}

async function startContainer(
  engine: Engine,
  image: string,
  directory: string,
  options: ContainerOptions,
): Promise<StartedTestContainer> {
  try {
    const { SecurityOptions = [] }: { SecurityOptions?: string[] } = await engine.container.dockerode.info();
    // What it makes is ours: of an engine without root, its root is whoever runs it.
    const isRootless = SecurityOptions.some((option) => option.includes('rootless'));
    const { asRoot } = options;
    return await new GenericContainer(image)
      .withBindMounts([{ source: directory, target: directory, mode: 'rw' }])
      .withNetworkMode(asRoot ? 'host' : 'none')
      .withUser(isRootless || asRoot ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
      .withLabels({ [OWNER]: `${processNamespace()} ${ownName()}` })
      .withEntrypoint(['sleep'])
      .withCommand(['infinity'])
      .start();
  } catch (error) {
    throw unusable(reasonOf(error), options, error);
  }
}

function unusable(why: string, { otherwise }: ContainerOptions, cause?: unknown): NestbenchError {
  return new NestbenchError(
    'NESTBENCH_BUILD_FAILED',
    'infrastructure',
    `No container could be started to build in: ${why} ${otherwise}`,
    { machine: 'host' },
    { cause },
  );
}

/** An abort ends the container, and with it whatever runs there. */
async function runInContainer(
  engine: Engine,
  container: StartedTestContainer,
  argv: readonly string[],
  options: ToolOptions,
): Promise<void> {
  const { signal, purpose, log, cwd, env } = options;
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  const started = performance.now();
  const { dockerode } = engine.container;
  const exec = await dockerode.getContainer(container.getId()).exec({
    Cmd: [...argv],
    Env: Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`),
    ...(cwd !== undefined && { WorkingDir: cwd }),
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const output = new PassThrough();
  dockerode.modem.demuxStream(stream, output, output);
  stream.once('end', () => output.end());
  stream.once('close', () => output.end());
  stream.once('error', () => output.end());
  const lines = await followOutput(argv, output, options);
  if (signal.aborted) throw aborted(signal, purpose, { machine: 'host', argv });
  const { ExitCode: exitCode } = await exec.inspect();
  if (exitCode === 0) return;
  const how = `exited with ${exitCode ?? 'nothing'} in a container`;
  throw toolFailure({ argv, purpose, log, lines, how, started, exitCode: exitCode ?? undefined });
}

function ownName(): string {
  return `${process.pid}:${processStat(process.pid)?.startTicks ?? 0}`;
}

/** Of this start of this host, and of the namespace that our pids are of: an engine may serve others. */
export function processNamespace(): string {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${bootId} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** Ends the containers of builds that were killed. */
export async function sweepContainers({ container: { dockerode } }: Engine): Promise<void> {
  const ours = await dockerode.listContainers({ all: true, filters: { label: [OWNER] } });
  for (const { Id, Labels } of ours) {
    const owner = Labels[OWNER] ?? '';
    if (!owner.startsWith(`${processNamespace()} `)) continue;
    const [pid, startTicks] = owner
      .slice(processNamespace().length + 1)
      .split(':')
      .map(Number);
    const stat = processStat(pid ?? 0);
    if (isRunning(stat) && stat.startTicks === startTicks) continue;
    await dockerode
      .getContainer(Id)
      .remove({ force: true })
      .catch(() => {});
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
}

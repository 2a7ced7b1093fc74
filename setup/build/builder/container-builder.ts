/**
 * Builds in containers of an engine with Docker's API. Their image is made from one of nestbench's Dockerfiles and
 * named after its hash; builds in it have no network.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { aborted, lastLines, reasonOf } from '../../lib/error-text.ts';
import { BuildError } from '../build-errors.ts';
import { sha256 } from '../../lib/hash.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import type { Builder, Vintage } from './builder.ts';
import { askContainer, runInContainer, sweepContainers } from './container.ts';
import type { Engine } from './engine.ts';

const REPOSITORY = 'nestbench-builder';
const DOCKERFILES = import.meta.dirname;
const OTHERWISE = 'With "builder: host" this host\'s compilers build.';

/**
 * @param directory of the Dockerfiles, `VINTAGE.Dockerfile`.
 * @throws NESTBENCH_BUILD_FAILED if the image can't be made. An older one of the same name is never used instead.
 */
export async function containerBuilder(
  engine: Engine,
  vintage: Vintage,
  signal: AbortSignal,
  directory = DOCKERFILES,
): Promise<Builder> {
  await sweepContainers(engine);
  const dockerfile = path.join(directory, `${vintage}.Dockerfile`);
  const name = `${REPOSITORY}:${vintage}-${sha256(await readFile(dockerfile)).slice(0, 16)}`;
  const image = (await imageId(engine, name)) ?? (await makeImage(engine, name, dockerfile, signal));
  return {
    kind: 'container',
    identity: `image ${image}`,
    async open({ directory: place, log, signal: within }) {
      const options = { directory: place, asRoot: false, otherwise: OTHERWISE };
      const gcc = await askContainer(engine, image, 'gcc -dumpfullversion', {
        ...options,
        log,
        signal: within,
      });
      return {
        directory: place,
        gcc,
        run: async (argv, tool) => void (await runInContainer(engine, image, argv, { ...tool, ...options })),
      };
    },
  };
}

/** Its id, a digest of its contents; undefined if there is no such image. */
async function imageId({ container: { dockerode } }: Engine, name: string): Promise<string | undefined> {
  try {
    return (await dockerode.getImage(name).inspect()).Id;
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

/**
 * Uses the engine's own API: testcontainers' fromDockerfile (12.2) drops the engine's messages, leaves the failed
 * step's container behind, and never settles if the engine rejects the Dockerfile.
 */
async function makeImage(
  engine: Engine,
  name: string,
  dockerfile: string,
  signal: AbortSignal,
): Promise<string> {
  const { dockerode } = engine.container;
  const task = 'builder';
  reportProgress({ task, text: `building the image ${name}`, state: 'running' });
  const lines: string[] = [];
  const onProgress = ({ stream = '', error = '' }: { stream?: string; error?: string }): void => {
    for (const line of stripVTControlCharacters(`${stream}${error}`).split('\n')) {
      if (line.trim() === '') continue;
      lines.push(line.trimEnd());
      reportProgress({ task, text: line.trim(), state: 'running' });
    }
  };
  try {
    const file = path.basename(dockerfile);
    const progress = await dockerode.buildImage(
      { context: path.dirname(dockerfile), src: [file] },
      { dockerfile: file, t: name, forcerm: true, abortSignal: signal },
    );
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()), onProgress);
    });
    const id = await imageId(engine, name);
    if (id === undefined) throw new Error('the image is not there');
    reportProgress({ task, text: `the image ${name} is built`, state: 'done' });
    return id;
  } catch (error) {
    if (signal.aborted) throw aborted(signal, `building the image ${name}`, { machine: 'host' });
    const output = lastLines([...lines, reasonOf(error)].join('\n'));
    reportProgress({ task, text: `the image ${name} could not be built`, state: 'failed' });
    throw new BuildError({
      message: `The builder's image ${name} could not be built. The engine printed:\n${output}`,
      machine: 'host',
      output,
      cause: error,
    });
  }
}

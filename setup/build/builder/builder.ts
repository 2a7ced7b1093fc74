/** Where a source is built: with this host's compilers, or in a container that has others. */
import { execa } from 'execa';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { reasonOf } from '../../lib/error-text.ts';
import { UnbuildableError } from '../build-errors.ts';
import { FOR_COMPILING, type HostPackage } from '../package-list.ts';
import { ensurePackages } from '../host-packages.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { findEngine } from './engine.ts';
import { type BuildPlace, runTool } from '../tool.ts';

/**
 * By the age of the source: newer compilers drop what old sources rely on, and older ones lack what new sources need.
 */
export type Vintage = 'current' | 'vintage' | 'memtier';

export interface Builder {
  readonly kind: 'host' | 'container';
  /** Identifies its compilers, as far as a build depends on them: `gcc 12.2.0`, or an image. */
  readonly identity: string;
  /**
   * A place to build in the workplace's directory, which has the same name there.
   * @param packages that this host needs, where its compilers build; a container's image has them.
   */
  open(workplace: Workplace, packages: readonly HostPackage[]): Promise<BuilderPlace>;
}

interface BuilderPlace extends BuildPlace {
  /** From `gcc -dumpfullversion`. */
  readonly gcc: string;
}

/**
 * The requested builder. `auto` is a container if an engine answers and has or can make the image, and says so if it
 * can't; for `container`, that is an error.
 * @param directory of Dockerfiles other than nestbench's own.
 * @throws NESTBENCH_BUILD_FAILED, kind configuration, if a container was requested and is impossible.
 */
export async function chooseBuilder(
  wanted: TestbedDescription['builder'],
  vintage: Vintage,
  signal: AbortSignal,
  say: (sentence: string) => void,
  dockerfiles?: string,
): Promise<Builder> {
  if (wanted === 'host') return hostBuilder(signal);
  const engine = await findEngine();
  if (engine.ok) {
    // Loaded only here: it is a large module, and most runs build nothing.
    const { containerBuilder } = await import('./container-builder.ts');
    try {
      return await containerBuilder(engine.client, vintage, signal, dockerfiles);
    } catch (error) {
      signal.throwIfAborted();
      if (wanted === 'container') throw error;
      say(
        `This host's compilers build instead of a container, because the builder's image could not be built: ${reasonOf(error)}`,
      );
      return hostBuilder(signal);
    }
  }
  if (wanted === 'auto') return hostBuilder(signal);
  throw new UnbuildableError({ message: noEngine(engine.why), machine: 'host' });
}

function noEngine(why: string): string {
  return `"builder: container" is set, but no container engine answers: ${why}. Start Docker or Podman's socket, let DOCKER_HOST name it, or set "builder: host".`;
}

async function hostGcc(): Promise<string> {
  return (await execa('gcc', ['-dumpfullversion'])).stdout.trim();
}

/** A builder was found. A container's compiler is unknown before its image is made. */
type FoundBuilder =
  | { readonly ok: true; readonly what: string; readonly gcc: string | undefined }
  | { readonly ok: false; readonly why: string };

/** What {@link chooseBuilder} would return, without making an image. */
export async function findBuilder(
  wanted: TestbedDescription['builder'],
  signal: AbortSignal,
): Promise<FoundBuilder> {
  if (wanted !== 'host') {
    const engine = await findEngine();
    signal.throwIfAborted();
    if (engine.ok) return { ok: true, what: 'a container: an engine answers', gcc: undefined };
    if (wanted === 'container') return { ok: false, why: noEngine(engine.why) };
  }
  try {
    const gcc = await hostGcc();
    return { ok: true, what: `this host: gcc ${gcc}`, gcc };
  } catch (error) {
    return { ok: false, why: `This host has no gcc: ${reasonOf(error)}` };
  }
}

/** This host's compilers. */
async function hostBuilder(signal: AbortSignal): Promise<Builder> {
  await ensurePackages(signal, FOR_COMPILING);
  const gcc = await hostGcc();
  return {
    kind: 'host',
    identity: `gcc ${gcc}`,
    async open({ directory, signal: within }, packages) {
      await ensurePackages(within, packages);
      return { directory, gcc, run: runTool };
    },
  };
}

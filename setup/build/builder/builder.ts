/** Where a source is built: by this host's compilers, or in a container that has others. */
import { execa } from 'execa';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { reasonOf } from '../../lib/error-text.ts';
import { UnbuildableError } from '../build-errors.ts';
import { FOR_COMPILING, type HostPackage } from '../package-list.ts';
import { ensurePackages } from '../host-packages.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { findEngine } from './engine.ts';
import { type BuildPlace, runTool } from '../tool.ts';

/** By the age of what is built: compilers drop what old sources rely on, and lack what new ones need. */
export type Vintage = 'current' | 'vintage';

export interface Builder {
  readonly kind: 'host' | 'container';
  /** What its compilers are, as far as what is built depends on them: `gcc 12.2.0`, or an image. */
  readonly identity: string;
  /**
   * A place to build in the workplace's directory, which has the same name there.
   * @param packages that this host needs, where its compilers build; a container's image has them.
   */
  open(workplace: Workplace, packages: readonly HostPackage[]): Promise<BuilderPlace>;
}

interface BuilderPlace extends BuildPlace {
  /** As `gcc -dumpfullversion` has it. */
  readonly gcc: string;
}

/**
 * The builder that was asked for. `auto` is a container where an engine answers and has or can make the image, and says so
 * where it can't; who asks for a container gets one, or an error.
 * @param dockerfiles a directory of others than ours.
 * @throws NESTBENCH_BUILD_FAILED, kind configuration, where a container was asked for and there can be none.
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
        `What is built is built by this host, as the builder's image could not be made: ${reasonOf(error)}`,
      );
      return hostBuilder(signal);
    }
  }
  if (wanted === 'auto') return hostBuilder(signal);
  throw new UnbuildableError({ message: noEngine(engine.why), machine: 'host' });
}

function noEngine(why: string): string {
  return `"builder: container" is asked for, and no container engine answers: ${why}. Start Docker or Podman's socket, let DOCKER_HOST name it, or ask for "builder: host".`;
}

async function hostGcc(): Promise<string> {
  return (await execa('gcc', ['-dumpfullversion'])).stdout.trim();
}

/** There is something that builds; of a container's compiler nobody knows before it is made. */
type FoundBuilder =
  | { readonly ok: true; readonly what: string; readonly gcc: string | undefined }
  | { readonly ok: false; readonly why: string };

/** What {@link chooseBuilder} would take; makes no image. */
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

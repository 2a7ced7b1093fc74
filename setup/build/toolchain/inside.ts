/**
 * Runs tools in the toolchain's root file system, without the host's environment, files and network except what is
 * bound. Mounts and processes are in namespaces that end with the tool, however it ends.
 */
import path from 'node:path';
import { AnnotatedError, NestbenchError } from '../../lib/errors.ts';
import { execa } from 'execa';
import { UnbuildableError } from '../build-errors.ts';
import { isRoot, namespaceAdvice } from './namespace.ts';
import { type BuildPlace, runTool, toolEnvironment, type ToolOptions } from '../tool.ts';
import type { Toolchain } from './toolchain.ts';

export interface InsideOptions extends Omit<ToolOptions, 'cwd' | 'prefix'> {
  /** Paths inside, with their path on the host: `{ '/build': workplace.directory }`. */
  readonly binds: Readonly<Record<string, string>>;
  /** Its working directory, inside. */
  readonly cwd?: string;
}

const SCRIPT = path.join(import.meta.dirname, 'inside.sh');

/** Like {@link runTool}; its environment is `env` and what inside.sh sets. */
export async function runInside(
  toolchain: Pick<Toolchain, 'root'>,
  argv: readonly string[],
  { binds, cwd = '/', env = {}, ...options }: InsideOptions,
): Promise<void> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const enter = [
    'sh',
    '-eu',
    SCRIPT,
    toolchain.root,
    cwd,
    ...Object.entries(binds).flat(),
    '--',
    ...variables,
  ];
  try {
    await runTool(argv, { ...options, prefix: [...namespaces(), ...enter] });
  } catch (error) {
    throw withAdvice(error);
  }
}

/**
 * A place to build in the toolchain.
 * @param binds additional directories, as in {@link InsideOptions}.
 */
export function placeInside(
  toolchain: Pick<Toolchain, 'root'>,
  workplace: string,
  binds: InsideOptions['binds'] = {},
): BuildPlace {
  const directory = '/build';
  return {
    directory,
    run: (argv, options) =>
      runInside(toolchain, argv, { ...options, binds: { [directory]: workplace, ...binds } }),
  };
}

/** Messages of unshare itself if the host rejects namespaces, and of inside.sh if it rejects their mounts. */
const REFUSED =
  /^(unshare: |(mount|hostname): .*(permission denied|not permitted|must be (superuser|root)))/i;

function withAdvice(error: unknown): unknown {
  if (!(error instanceof NestbenchError) || !REFUSED.test(error.output ?? '')) return error;
  return new AnnotatedError(error, {
    message: `${refused()}\n${error.message}`,
    kind: 'configuration',
  });
}

function refused(): string {
  const advice = isRoot()
    ? 'In a container, start it with --cap-add SYS_ADMIN; in a chroot, make its root a mount point first (mount --bind DIRECTORY DIRECTORY).'
    : capitalized(namespaceAdvice());
  return `The toolchain runs in namespaces of its own, which this host refuses. ${advice}`;
}

function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/**
 * Tests namespaces like the toolchain's, before the minutes that making it takes.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED, kind configuration, with what to do.
 */
export async function assertEnterable(): Promise<void> {
  // unshare itself mounts, for the propagation.
  const [file, ...words] = [...namespaces(), 'true'];
  const trial = await execa(file, words, { reject: false, env: toolEnvironment() });
  if (trial.exitCode === 0) return;
  throw new UnbuildableError({
    message: `${refused()} (${trial.code === 'ENOENT' ? `${file} is missing` : trial.stderr.trim()})`,
    machine: 'host',
    output: trial.stderr,
  });
}

/**
 * An ordinary user becomes root of a user namespace; only its own id is needed there. In a PID namespace nothing
 * outlives the tool, not even fakeroot's daemon. unshare must be killed, because it blocks SIGTERM while it waits
 * (unshare.c).
 */
function namespaces(): string[] {
  const user = isRoot() ? [] : ['--map-root-user'];
  const kinds = ['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child', '--propagation=private'];
  return ['setpriv', '--pdeathsig', 'KILL', '--', 'unshare', ...user, ...kinds, '--'];
}

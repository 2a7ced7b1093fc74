/** Makes a Debian root file system with mmdebstrap, as a tar. */
import { statfs } from 'node:fs/promises';
import { AnnotatedError, NestbenchError, NoSpaceError } from '../../lib/errors.ts';
import { inBytes } from '../../lib/bytes.ts';
import { FOR_MMDEBSTRAP } from '../package-list.ts';
import { ensurePackages } from '../host-packages.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { KEYRING } from './debian.ts';
import { type Engine, findEngine } from '../builder/engine.ts';
import { assertOwnership, isRoot } from './namespace.ts';
import { runTool, toolEnvironment } from '../tool.ts';

export interface Bootstrap {
  readonly suite: string;
  readonly tar: string;
  /** mmdebstrap's own options. */
  readonly options: readonly string[];
  /** Mirrors, or lines of sources.list. */
  readonly sources: readonly string[];
  /** Such as `making the toolchain`. */
  readonly purpose: string;
  readonly phases: readonly Phase[];
}

/** A message of mmdebstrap, and the share of its time that has passed then. */
export interface Phase {
  readonly says: RegExp;
  readonly text: string;
  readonly fraction: number;
}

/** Never unpacked: nobody reads manuals in such a root. */
const PATHS_LEFT_OUT = [
  '/usr/share/man/*',
  '/usr/share/doc/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/lintian/*',
  '/usr/share/bug/*',
];

/**
 * mmdebstrap's options for a root with these packages.
 * @param hooks shell commands to run once they are installed; `$1` is the root.
 */
export function optionsFor(
  variant: 'essential' | 'apt',
  packages: readonly string[],
  hooks: readonly string[],
): string[] {
  return [
    `--variant=${variant}`,
    '--architectures=amd64',
    `--include=${packages.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    // A short failure of a mirror must not fail a build of minutes.
    '--aptopt=Acquire::Retries "3"',
    ...hooks.map((hook) => `--customize-hook=${hook}`),
    ...PATHS_LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
  ];
}

/** The steps before it installs the requested packages: shares of about 45 s, from the timestamps of its lines. */
export const FIRST_PHASES: readonly Phase[] = [
  { says: /running apt-get update/, text: 'fetching the package lists', fraction: 0.01 },
  { says: /downloading packages/, text: 'downloading the essential packages', fraction: 0.1 },
  { says: /extracting archives/, text: 'unpacking the essential packages', fraction: 0.2 },
  { says: /installing essential/, text: 'configuring the essential packages', fraction: 0.25 },
];

/**
 * Runs mmdebstrap on this host, and installs it if this process may; otherwise in a container of Debian.
 * @throws {NestbenchError} NESTBENCH_PACKAGE_MISSING or NESTBENCH_BUILD_FAILED, kind configuration, if neither is
 * possible.
 */
export async function bootstrap(wanted: Bootstrap, workplace: Workplace): Promise<void> {
  const { task, directory, log, signal } = workplace;
  const started = performance.now();
  const onLine = (line: string): void => reportPhase(task, wanted.phases, line, started);
  const build = { purpose: wanted.purpose, log, signal, onLine };
  const engine = await engineInstead(signal);
  if (engine === undefined) {
    const env = { TMPDIR: await workDirectory() };
    return runTool(argvOf(wanted, isRoot() ? 'root' : 'unshare'), { ...build, env });
  }

  reportProgress({
    task,
    text: `starting a container of ${IMAGE}`,
    state: 'running',
    fraction: 0,
  });
  // It is a large module, loaded only when needed.
  const { askContainer, runInContainer, sweepContainers } = await import('../builder/container.ts');
  await sweepContainers(engine);
  const otherwise = 'Where mmdebstrap is installed, no container is needed.';
  const container = { ...build, directory, asRoot: true, otherwise, env: proxies() };
  await askContainer(engine, IMAGE, 'true', container);
  reportProgress({
    task,
    text: 'installing mmdebstrap in the container',
    state: 'running',
    fraction: 0,
  });
  await runInContainer(engine, IMAGE, ['sh', '-euc', INSTALL, 'sh', ...argvOf(wanted, 'root')], container);
}

/** Installs mmdebstrap, then executes it. */
const INSTALL = `apt-get update
apt-get install --yes --no-install-recommends mmdebstrap debian-archive-keyring mount
exec "$@"`;

/**
 * Where mmdebstrap keeps the root until it is packed: /tmp can be a tmpfs of half the memory (Debian 13), and an
 * ordinary user's cache is often in a home that the user's subordinate ids can't enter.
 * @throws {NestbenchError} NESTBENCH_NO_SPACE if it does not have enough space.
 */
async function workDirectory(): Promise<string> {
  const directory = process.env['TMPDIR'] || '/var/tmp';
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= WORK_BYTES) return directory;
  throw new NoSpaceError({
    message: `mmdebstrap needs ${inBytes(WORK_BYTES)} in ${directory} while it makes the toolchain and the guests' root file system, and ${inBytes(free)} are free. Make room, or set TMPDIR to a directory on a larger disk.`,
    machine: 'host',
  });
}

/** What the two took at the same time, 1.5 GB, and a third more. */
const WORK_BYTES = 2e9;

/** The image that mmdebstrap runs in if this host can't run it. */
const IMAGE = 'debian:trixie-slim';

/**
 * @returns undefined if this host runs mmdebstrap.
 */
async function engineInstead(signal: AbortSignal): Promise<Engine | undefined> {
  try {
    await ensurePackages(signal, FOR_MMDEBSTRAP);
    await assertOwnership();
    return undefined;
  } catch (error) {
    if (!(error instanceof NestbenchError) || error.kind !== 'configuration') throw error;
    const engine = await findEngine();
    if (engine.ok) return engine.client;
    const instead = `Or start Docker or Podman's socket, so that mmdebstrap runs in a container; no engine answers now: ${engine.why}`;
    throw new AnnotatedError(error, { message: `${error.message} ${instead}` });
  }
}

function argvOf({ suite, tar, options, sources }: Bootstrap, mode: 'root' | 'unshare'): string[] {
  return [
    ['mmdebstrap', `--mode=${mode}`, '--format=tar', `--keyring=${KEYRING}`],
    [...options, suite, tar, ...sources],
  ].flat();
}

/** How to reach the mirror. */
function proxies(): Record<string, string> {
  const environment = toolEnvironment();
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name.endsWith('_proxy')));
}

function reportPhase(task: string, phases: readonly Phase[], line: string, started: number): void {
  const phase = phases.find(({ says }) => line.startsWith('I: ') && says.test(line));
  if (phase === undefined) return;
  const { text, fraction } = phase;
  const elapsed = (performance.now() - started) / 1000;
  const known = fraction < 0.1 ? {} : { secondsLeft: Math.round((elapsed * (1 - fraction)) / fraction) };
  reportProgress({ task, text, state: 'running', fraction, ...known });
}

/** A container engine for a test, on its own socket: it shares nothing with the host's, and has no network. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import { KEYRING, MIRROR } from '../toolchain/debian.ts';
import { openSocketOnceThere } from '../../machine/socket.ts';
import { hostMachine } from '../../machine/host.ts';
import { cached } from '../cache/build-cache.ts';
import { processesWith } from '../../lib/processes.testing.ts';
import { mountsBelow } from '../../lib/proc.ts';
import { runTool } from '../tool.ts';
import type { Engine } from './engine.ts';

const UP_SECONDS = 60;

/** Each has Docker's API. */
export type EngineProgram = 'dockerd' | 'podman';

/** The package of Debian that has it. */
const PACKAGES: Readonly<Record<EngineProgram, string>> = { dockerd: 'docker.io', podman: 'podman' };

/** Why no engine can be started here; undefined if one can. */
export async function whyNoEngine(program: EngineProgram = 'dockerd'): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return `${program} needs root`;
  const { exitCode } = await execa('sh', ['-c', `command -v ${program}`], { reject: false });
  return exitCode === 0 ? undefined : `there is no ${program} (Debian: ${PACKAGES[program]})`;
}

export interface TestEngine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly url: string;
}

export async function startEngine(
  signal: AbortSignal,
  program: EngineProgram = 'dockerd',
): Promise<TestEngine> {
  const directory = mkdtempSync(path.join(tmpdir(), 'nb-dock-'));
  const at = (name: string): string => path.join(directory, name);
  const log = openSync(at('log'), 'w');
  const url = `unix://${at('sock')}`;
  writeFileSync(at('containers.conf'), PODMAN_CONFIGURATION);
  const engine = spawn(program, ARGUMENTS[program](at, url), {
    stdio: ['ignore', log, log],
    // Podman 4.3.1 leaves the archive of an imported image in TMPDIR.
    env: { ...process.env, CONTAINERS_CONF: at('containers.conf'), TMPDIR: directory },
  });
  const terminate = (): void => void engine.kill('SIGTERM');
  process.once('exit', terminate);
  const stop = async (): Promise<void> => {
    process.off('exit', terminate);
    if (engine.exitCode === null && engine.signalCode === null) {
      terminate();
      await once(engine, 'exit');
    }
    // For each container that has ended Podman starts a process that cleans up.
    await vi.waitFor(() => expect(processesWith(directory)).toEqual([]), { timeout: 30_000, interval: 100 });
    // dockerd leaves the host's network namespace mounted after a container has used it, podman its storage.
    for (const place of mountsBelow(directory).toReversed()) await execa('umount', [place]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const socket = await openSocketOnceThere(hostMachine(), at('sock'), `${program}'s socket`, {
      deadlineSeconds: UP_SECONDS,
      signal,
    });
    socket.destroy();
    return { url, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Place = (name: string) => string;

const ARGUMENTS: Readonly<Record<EngineProgram, (at: Place, url: string) => string[]>> = {
  dockerd: (at, url) =>
    [
      ['--host', url, '--pidfile', at('pid')],
      ['--data-root', at('data'), '--exec-root', at('exec')],
      ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-masq=false'],
    ].flat(),
  podman: (at, url) =>
    [
      ['--root', at('data'), '--runroot', at('exec'), '--tmpdir', at('tmp')],
      ['system', 'service', '--time=0', url],
    ].flat(),
};

/**
 * Podman's defaults need what a container of CI lacks: crun refuses a host with both versions of control groups, and
 * higher limits need CAP_SYS_RESOURCE.
 */
const PODMAN_CONFIGURATION = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/** Makes an image of a root as tar. It is there when this resolves: an engine answers before. */
export async function importImage(
  { container: { dockerode } }: Engine,
  tar: string | NodeJS.ReadableStream,
  name: string,
): Promise<void> {
  const [repo = name, tag = 'latest'] = name.split(':');
  const progress = await dockerode.importImage(tar, { repo: IMPORTED });
  await new Promise<void>((resolve, reject) => {
    dockerode.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
  });
  // An import ignores the tag in Podman 4.3.1.
  await dockerode.getImage(IMPORTED).tag({ repo, tag });
}

const IMPORTED = 'nestbench-imported';

/** A Debian with a compiler, as a tar: no registry is reachable from where the tests run. */
export async function baseTar(signal: AbortSignal): Promise<string> {
  const packages = ['gcc', 'libc6-dev', 'make'];
  const { directory } = await cached({
    name: 'builder-base',
    inputs: { recipe: 1, packages },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      await runTool(
        [
          ['mmdebstrap', '--mode=root', '--variant=minbase', `--keyring=${KEYRING}`],
          [`--include=${packages.join(',')}`, '--aptopt=APT::Install-Recommends "false"'],
          ['bookworm', path.join(place, 'base.tar'), MIRROR],
        ].flat(),
        { purpose: 'making a base image', log, signal: within },
      );
      return {};
    },
  });
  return path.join(directory, 'base.tar');
}

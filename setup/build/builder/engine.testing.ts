/** A Docker engine for a test, on its own socket: it shares nothing with the host's, and has no network. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { KEYRING, MIRROR } from '../toolchain/debian.ts';
import { openSocketOnceThere } from '../../machine/socket.ts';
import { hostMachine } from '../../machine/host.ts';
import { cached } from '../cache/build-cache.ts';
import { runTool } from '../tool.ts';

const UP_SECONDS = 60;

/** Why no engine can be started here; undefined if one can. */
export async function whyNoEngine(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'dockerd needs root';
  const { exitCode } = await execa('sh', ['-c', 'command -v dockerd'], { reject: false });
  return exitCode === 0 ? undefined : 'there is no dockerd (Debian: docker.io)';
}

export interface TestEngine extends AsyncDisposable {
  /** The value for DOCKER_HOST. */
  readonly url: string;
}

export async function startEngine(signal: AbortSignal): Promise<TestEngine> {
  const directory = mkdtempSync(path.join(tmpdir(), 'nb-dock-'));
  const at = (name: string): string => path.join(directory, name);
  const log = openSync(at('log'), 'w');
  const argv = [
    ['--host', `unix://${at('sock')}`, '--pidfile', at('pid')],
    ['--data-root', at('data'), '--exec-root', at('exec')],
    ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-masq=false'],
  ].flat();
  const engine = spawn('dockerd', argv, { stdio: ['ignore', log, log] });
  const terminate = (): void => void engine.kill('SIGTERM');
  process.once('exit', terminate);
  const stop = async (): Promise<void> => {
    process.off('exit', terminate);
    if (engine.exitCode === null) {
      terminate();
      await once(engine, 'exit');
    }
    // It leaves the host's network namespace mounted after a container has used it.
    const namespace = at('exec/netns/default');
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${namespace} `))
      await execa('umount', [namespace]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const socket = await openSocketOnceThere(hostMachine(), at('sock'), "dockerd's socket", {
      deadlineSeconds: UP_SECONDS,
      signal,
    });
    socket.destroy();
    return { url: `unix://${at('sock')}`, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

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

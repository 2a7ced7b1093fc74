/** A real OpenSSH server for tests: an ordinary process on a free port of 127.0.0.1, with its own keys. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { hostMachine } from '../host.ts';
import { listeningPort, processArgv } from '../../lib/proc.ts';
import { childrenOf } from '../../lib/processes.testing.ts';
import { waitUntil } from '../../lib/wait.ts';
import { connectSsh, generateKeyPair, type SshMachine, type SshOptions } from './ssh.ts';

const SSHD = '/usr/sbin/sshd';

/** Why the tests that need sshd can't run; undefined if they can. */
export function whyNoSshd(): string | undefined {
  try {
    accessSync(SSHD);
  } catch {
    return `there is no ${SSHD} (Debian: openssh-server)`;
  }
  return process.getuid?.() === 0 ? undefined : 'sshd needs root to let others in';
}

export interface TestSshd extends AsyncDisposable {
  readonly port: number;
  readonly options: Pick<SshOptions, 'username' | 'privateKey' | 'hostKey' | 'open'>;
  /** An OpenSSH client's configuration that names it `here`; files can be added to its directory. */
  readonly openssh: { readonly configuration: string; readonly directory: string };
  /** Connects with valid settings. */
  machine(overrides?: Partial<SshOptions>): Promise<SshMachine>;
  /** The processes that hold one connection each. */
  connections(): number[];
  /** Kills these processes, so that their connections drop. */
  dropConnections(): void;
  start(): void;
  stop(): Promise<void>;
}

export async function testSshd(extra = ''): Promise<TestSshd> {
  const directory = mkdtempSync(path.join(tmpdir(), 'nestbench-sshd-'));
  const [hostKeys, userKeys] = [generateKeyPair(), generateKeyPair()];
  // Required by sshd's privilege separation.
  mkdirSync('/run/sshd', { recursive: true });
  const file = (name: string, text: string): string => {
    const at = path.join(directory, name);
    writeFileSync(at, text, { mode: 0o600 });
    return at;
  };
  const port = await freePort();
  const configuration = file(
    'sshd_config',
    `ListenAddress 127.0.0.1
HostKey ${file('host_key', hostKeys.privateKey)}
AuthorizedKeysFile ${file('authorized_keys', `${userKeys.publicKey}\n`)}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
MaxStartups 100
${extra}
`,
  );
  const known = file('known_hosts', `[127.0.0.1]:${port} ${hostKeys.publicKey}\n`);
  const clientConfiguration = file(
    'ssh_config',
    `Host here
  HostName 127.0.0.1
  Port ${port}
  User ${userInfo().username}
  IdentityFile ${file('user_key', userKeys.privateKey)}
  IdentitiesOnly yes
  UserKnownHostsFile ${known}
  GlobalKnownHostsFile /dev/null
`,
  );
  const argv = ['-f', configuration, '-p', String(port)];
  // OpenSSH 9.8 and later would refuse this host for a while after a test's failed attempts; earlier ones lack the option.
  const lenient = ['-o', 'PerSourcePenalties=no'];
  if (spawnSync(SSHD, ['-t', ...argv, ...lenient]).status === 0) argv.push(...lenient);
  let child: ChildProcess | undefined;
  const start = (): void => {
    child = spawn(SSHD, ['-D', '-e', ...argv], { stdio: 'ignore' });
  };
  const connections = (): number[] => (child?.pid === undefined ? [] : childrenOf(child.pid).map(holder));
  const dropConnections = (): void => {
    for (const pid of connections()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const stop = async (): Promise<void> => {
    dropConnections();
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  // A test that times out disposes nothing.
  const killNow = (): void => void child?.kill('SIGKILL');
  process.once('exit', killNow);
  start();
  // Without a connection, which the test would count.
  const ready = (): number | undefined => (child?.pid === undefined ? undefined : listeningPort(child.pid));
  await waitUntil("the test's sshd to listen", ready, {
    machine: 'host',
    deadlineSeconds: 30,
    intervalMs: 10,
    signal: new AbortController().signal,
  });
  const host = hostMachine();
  const options = {
    username: userInfo().username,
    privateKey: userKeys.privateKey,
    hostKey: hostKeys.publicKey,
    open: (signal: AbortSignal): Promise<Duplex> => host.connect('127.0.0.1', port, signal),
  };
  return {
    port,
    options,
    openssh: { configuration: clientConfiguration, directory },
    machine: (overrides = {}) =>
      connectSsh({
        name: 'l1',
        signal: new AbortController().signal,
        deadlineSeconds: 30,
        ...options,
        ...overrides,
      }),
    connections,
    dropConnections,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      process.off('exit', killNow);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** In OpenSSH 9.8 and later, a child of the process that sshd starts for a connection. */
function holder(pid: number): number {
  return childrenOf(pid).find((one) => processArgv(one)[0]?.startsWith('sshd-session')) ?? pid;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

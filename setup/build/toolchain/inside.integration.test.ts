/** As root and as an ordinary user, in a minimal root file system. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isRunning, processArgv, processIds, processStat } from '../../lib/proc.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { assertEnterable, runInside } from './inside.ts';
import { isRoot } from './namespace.ts';

/** Debian keeps all programs below /usr, which is bound from the host. */
function tinyRoot(): string {
  const root = path.join(temporaryDirectory(), 'root');
  for (const name of ['usr', 'proc', 'dev', 'tmp', 'etc'])
    mkdirSync(path.join(root, name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name));
  return root;
}

interface Run {
  readonly root: string;
  readonly work: string;
  readonly log: string;
  readonly child: ChildProcessByStdio<Writable, null, Readable>;
}

/** In a separate process, which may be another user and may be killed. */
function run(command: string, identity: readonly string[], options = {}, before = ''): Run {
  const root = tinyRoot();
  const work = temporaryDirectory();
  const log = path.join(work, 'log');
  for (const directory of [path.dirname(root), root, work]) chmodSync(directory, 0o777);
  const script = `
    import { runInside } from ${JSON.stringify(path.join(import.meta.dirname, 'inside.ts'))};
    const controller = new AbortController();
    ${before}
    await runInside({ root: ${JSON.stringify(root)} }, ['sh', '-euc', ${JSON.stringify(command)}], {
      purpose: 'testing',
      log: ${JSON.stringify(log)},
      signal: controller.signal,
      binds: { '/usr': '/usr', '/build': ${JSON.stringify(work)} },
      cwd: '/build',
      ...${JSON.stringify(options)},
    }).catch((error) => { console.error(error.message); process.exitCode = 1; });
    process.stdin.destroy();`;
  const [file, ...words] = [...identity, process.execPath, '--input-type=module', '--eval', script];
  const child = spawn(file, words, {
    stdio: ['pipe', 'inherit', 'pipe'],
    env: { ...process.env, SECRET: 'of the host' },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    for (const pid of sleeping()) process.kill(pid, 'SIGKILL');
  });
  return { root, work, log, child };
}

async function ended({ child }: Run): Promise<string> {
  const said: string[] = [];
  child.stderr.on('data', (data) => said.push(String(data)));
  await new Promise((resolve) => child.once('close', resolve));
  return said.join('');
}

function mounts(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}

/** Unique to this test. */
const SLEEP = `sleep ${1_000_000 + process.pid}`;

function sleeping(): number[] {
  return processIds().filter((pid) => isRunning(processStat(pid)) && processArgv(pid).join(' ') === SLEEP);
}

/** No entry in /etc/passwd has this number. */
const STRANGER = ['setpriv', '--reuid=64321', '--regid=64321', '--clear-groups'];
const users = isRoot()
  ? [
      { user: 'root', identity: [] },
      { user: 'an ordinary user', identity: STRANGER },
    ]
  : [{ user: 'this user', identity: [] }];

describe.each(users)('as $user', ({ identity }) => {
  test('a tool sees itself as root, with nothing of the host', async () => {
    const before = mounts();
    const running = run(
      'id -u >id; hostname >hostname; cut -d: -f1 /proc/net/dev | tail -n +3 >net; env | sort >env; ls / >root; pwd >pwd',
      identity,
      { env: { SOURCE_DATE_EPOCH: '0' } },
    );
    expect(await ended(running)).toBe('');
    const said = (name: string): string => readFileSync(path.join(running.work, name), 'utf8').trim();
    expect(said('id')).toBe('0');
    expect(said('pwd')).toBe('/build');
    expect(said('hostname')).toBe('nestbench');
    expect(said('net')).toBe('lo');
    expect(
      said('env')
        .split('\n')
        .filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line)),
    ).toEqual([
      'HOME=/tmp',
      'LC_ALL=C.UTF-8',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'SOURCE_DATE_EPOCH=0',
    ]);
    expect(said('root').split('\n')).not.toContain('home');
    expect(mounts()).toBe(before);
    // Its files belong to the user who runs it.
    expect(statSync(path.join(running.work, 'id')).uid).toBe(statSync(running.log).uid);
  });

  test('it can write to bound directories and to /tmp, and not to the shared root', async () => {
    const running = run('echo 1 >/tmp/one; cp /tmp/one /build/one; echo 2 >/etc/two', identity);
    expect(await ended(running)).toMatch(/Testing failed: .*\n.*Read-only file system/);
    expect(readFileSync(path.join(running.work, 'one'), 'utf8')).toBe('1\n');
    expect(readdirSync(path.join(running.root, 'tmp'))).toEqual([]);
    expect(readdirSync(path.join(running.root, 'etc'))).toEqual([]);
  });

  test.each([
    ['it', `exec ${SLEEP}`],
    ['what it started', `${SLEEP}; true`],
    ['what it started as a daemon', `setsid ${SLEEP} & wait`],
  ])('kill -9 of the process that started it ends %s, and leaves no mount', async (_, command) => {
    const before = mounts();
    const running = run(command, identity);
    await vi.waitUntil(() => sleeping().length > 0, { timeout: 30_000 });
    running.child.kill('SIGKILL');
    await vi.waitUntil(() => sleeping().length === 0, { timeout: 30_000 });
    expect(mounts()).toBe(before);
  });

  test.each([
    ['TERM', `exec ${SLEEP}`],
    ['KILL', `trap "" TERM; setsid ${SLEEP} & wait`],
  ])('an abort ends what ends by %s', async (_, command) => {
    const running = run(command, identity, {}, 'process.stdin.once("data", () => controller.abort());');
    await vi.waitUntil(() => sleeping().length > 0, { timeout: 30_000 });
    running.child.stdin.write('abort');
    expect(await ended(running)).toMatch(/^Stopped/);
    expect(sleeping()).toEqual([]);
  });

  test('background processes that it leaves end with it', async () => {
    expect(await ended(run(`setsid ${SLEEP} >/dev/null 2>&1 & sleep 0.2`, identity))).toBe('');
    await vi.waitUntil(() => sleeping().length === 0, { timeout: 30_000 });
  });
});

/** The tool's error if the host's unshare prints that and fails. */
async function failureWhere(unshareSays: string): Promise<unknown> {
  const programs = temporaryDirectory();
  const refusing = path.join(programs, 'unshare');
  writeFileSync(refusing, `#!/bin/sh\ncat >&2 <<'END'\n${unshareSays}\nEND\nexit 1\n`);
  chmodSync(refusing, 0o755);
  vi.stubEnv('PATH', `${programs}:${process.env['PATH'] ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { signal } = new AbortController();
  const options = { purpose: 'testing', log: path.join(programs, 'log'), signal, binds: {} };
  return runInside({ root: programs }, ['true'], options).catch((error: unknown) => error);
}

test.each([
  'unshare: unshare failed: Operation not permitted',
  'unshare: write failed /proc/self/uid_map: Operation not permitted',
  // AppArmor may let unshare create a namespace without any rights in it.
  'hostname: you must be root to change the host name',
  'mount: /root: permission denied.\n       dmesg(1) may have more information after failed mount system call.',
])('a host that rejects namespaces gets advice: %j', async (said) => {
  expect(await failureWhere(said)).toMatchObject({
    code: 'NESTBENCH_BUILD_FAILED',
    kind: 'configuration',
    message: expect.stringContaining('which this host refuses. '),
    output: said,
  });
  await expect(assertEnterable()).rejects.toMatchObject({
    kind: 'configuration',
    message: expect.stringContaining(said),
  });
});

test('this host allows namespaces, and the trial leaves no mount', async () => {
  const before = readFileSync('/proc/self/mounts', 'utf8');
  await assertEnterable();
  expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(before);
});

test('a tool that fails by itself is not a fault of the host', async () => {
  expect(await failureWhere('mount: /root/root.tar: special device /x does not exist.')).toMatchObject({
    kind: 'infrastructure',
  });
});

/** Tests specific to OpenSSH's own client. What it shares with every machine is in machine.test.ts. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectOpenssh, feedFile } from './openssh.ts';
import { opensshArgv } from './openssh-command.ts';
import { isRunning, processStat } from '../../lib/proc.ts';
import { generateKeyPair, type SshMachine } from './ssh.ts';
import { testSshd, type TestSshd, whyNoSshd } from './sshd.testing.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const whyNot = whyNoSshd();
beforeEach((context) => context.skip(whyNot !== undefined, whyNot));

const never = new AbortController().signal;
let sshd: TestSshd;
beforeEach(async () => {
  sshd = await testSshd();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await sshd?.[Symbol.asyncDispose]();
});

async function connect(destination = 'here', deadlineSeconds = 20): Promise<SshMachine> {
  const { configuration } = sshd.openssh;
  return connectOpenssh({ name: 'server', destination, configuration, signal: never, deadlineSeconds });
}

function file(name: string): string {
  return path.join(sshd.openssh.directory, name);
}

test('a word of a command is never read by a shell', () => {
  expect(opensshArgv({ destination: 'here' }, ['rm', '$HOME', "it's"]).at(-1)).toBe(
    String.raw`rm '$HOME' 'it'\''s'`,
  );
  // A destination can't be an option.
  expect(opensshArgv({ destination: '-oProxyCommand=true' }, ['true']).slice(-3, -1)).toEqual([
    '--',
    '-oProxyCommand=true',
  ]);
});

test('uses a jump host, as configured', async () => {
  await using jump = await testSshd();
  const [inner, outer] = [sshd.openssh, jump.openssh];
  appendFileSync(
    inner.configuration,
    `  ProxyJump jump\n${readFileSync(outer.configuration, 'utf8').replace('Host here', 'Host jump')}`,
  );
  await using machine = await connect();
  expect((await machine.check(['id', '-u'], { signal: never, deadlineSeconds: 10 })).trim()).toBe('0');
  expect(jump.connections()).not.toEqual([]);
});

test('leaves nothing on the machine once it has ended', async () => {
  const before = readdirSync('/run').filter((name) => name.startsWith('nestbench-ssh.'));
  const machine = await connect();
  await machine[Symbol.asyncDispose]();
  await vi.waitFor(
    () => expect(readdirSync('/run').filter((name) => name.startsWith('nestbench-ssh.'))).toEqual(before),
    { timeout: 10_000, interval: 50 },
  );
});

test('a lost machine is reported', async () => {
  await using machine = await connect();
  sshd.dropConnections();
  await expect(machine.lost).resolves.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    message: expect.stringMatching(
      /^The SSH connection to server was lost: .*\. It lost power, was restarted, or .*: try "ssh here" by hand/,
    ),
  });
});

test('a copy whose connection is lost is a lost machine, and no failed command', async () => {
  const target = { name: 'server', destination: 'here', configuration: sshd.openssh.configuration };
  const copying = feedFile(
    target,
    file('known_hosts'),
    ['sh', '-c', 'touch "$1"; exec sleep 20', 'sh', file('begun')],
    never,
  );
  copying.catch(() => {});
  await vi.waitFor(() => expect(existsSync(file('begun'))).toBe(true), { timeout: 20_000, interval: 20 });
  sshd.dropConnections();
  await expect(copying).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    message: expect.stringMatching(
      /^The SSH connection to server was lost while .*known_hosts was copied\. It lost power/,
    ),
  });
});

test('a copy that the machine no longer lets in says so', async () => {
  writeFileSync(file('authorized_keys'), '');
  const target = { name: 'server', destination: 'here', configuration: sshd.openssh.configuration };
  await expect(feedFile(target, file('known_hosts'), ['cat'], never)).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'configuration',
    message: expect.stringMatching(/^"ssh here" does not provide .* on server\. It accepts none of the keys/),
  });
});

test('an unknown host key is reported at once, with what to do', async () => {
  writeFileSync(file('known_hosts'), '');
  await expect(connect()).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'configuration',
    message: expect.stringMatching(
      /^"ssh here" does not provide .* on server\. Its host key is not in known_hosts/,
    ),
  });
});

test('a changed host key is reported at once', async () => {
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${sshd.port} ${generateKeyPair().publicKey}\n`);
  await expect(connect()).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'configuration',
    message: expect.stringContaining('It shows another host key than known_hosts has for it'),
  });
});

test('a rejected key is reported at once', async () => {
  writeFileSync(file('user_key'), generateKeyPair().privateKey, { mode: 0o600 });
  await expect(connect()).rejects.toMatchObject({
    kind: 'configuration',
    message: expect.stringContaining('It accepts none of the keys'),
  });
});

test('an unknown name is reported at once', async () => {
  await expect(connect('nobody.invalid')).rejects.toMatchObject({
    kind: 'configuration',
    message: expect.stringContaining('Its name is not known'),
  });
});

/** ssh/remotecommand.config of a user who starts tmux with every login. */
const REMOTE_COMMAND = '  RequestTTY yes\n  RemoteCommand tmux new -A -s main\n';

test.each([
  ['RemoteCommand', REMOTE_COMMAND],
  ['SessionType none', '  SessionType none\n'],
  ['SessionType subsystem', '  SessionType subsystem\n'],
  ['StdinNull', '  StdinNull yes\n'],
  ['ForkAfterAuthentication', '  ForkAfterAuthentication yes\n'],
  ['RequestTTY', '  RequestTTY force\n'],
  ['ControlPersist', '  ControlMaster auto\n  ControlPath ~/.ssh/%C\n  ControlPersist 600\n'],
  ['LocalCommand', '  PermitLocalCommand yes\n  LocalCommand echo hello\n'],
  ['a forward that fails', '  ExitOnForwardFailure yes\n  LocalForward 1 127.0.0.1:1\n  DynamicForward 2\n'],
  ['Tunnel', '  Tunnel yes\n'],
  ['LogLevel', '  LogLevel DEBUG3\n  VisualHostKey yes\n'],
  ['an option of other systems', '  IgnoreUnknown UseKeychain\n  UseKeychain yes\n'],
])('connects whatever a configuration says about %s', async (_, lines) => {
  appendFileSync(sshd.openssh.configuration, lines);
  await using machine = await connect();
  expect((await machine.check(['echo', 'hello'], { signal: never, deadlineSeconds: 10 })).trim()).toBe(
    'hello',
  );
});

/**
 * Puts a program before the one of that name in PATH.
 * @returns its directory.
 */
function program(name: string, script: string): void {
  const bin = file('bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
}

test('an old client does not get options that it does not know', async () => {
  program(
    'ssh',
    [
      'if [ "$1" = -V ]; then echo "OpenSSH_7.4p1, OpenSSL 1.0.2k" >&2; exit; fi',
      'for each; do case "$each" in SessionType=*|StdinNull=*|ForkAfterAuthentication=*|RemoteCommand=*)',
      '  echo "command-line: line 0: Bad configuration option: $each" >&2; exit 255 ;; esac; done',
      'exec /usr/bin/ssh "$@"',
    ].join('\n'),
  );
  await using machine = await connect();
  expect(machine.name).toBe('server');
});

const CANONICAL =
  'HostName nobody\n  CanonicalizeHostname always\n  CanonicalizeFallbackLocal no\n  CanonicalDomains x.invalid';

test.each([
  ['a ProxyCommand that is not there', 'ProxyCommand nosuch-program %h', 'check ProxyCommand'],
  ['a ProxyCommand whose path is wrong', 'ProxyCommand /no/such/program %h', 'check ProxyCommand'],
  ['a ProxyCommand that is no program', 'ProxyCommand /etc/passwd %h', 'check ProxyCommand'],
  ['a jump host that nobody knows', 'ProxyJump nobody.invalid', 'Its name is not known'],
  ['a host of a variable', 'HostName ${CLIENT}', 'Its name '],
  ['an option that there is not', 'Foo bar', "Fix OpenSSH's configuration"],
  ['a port that is none', 'Port many', "Fix OpenSSH's configuration"],
  ['a user configuration that is not closed', 'IdentityFile "a b', "Fix OpenSSH's configuration"],
  ['an address that this host has not', 'BindAddress 203.0.113.9', 'check BindAddress'],
  ['an interface that this host has not', 'BindInterface nosuch0', 'check BindAddress and BindInterface'],
  ['a family that its address is not of', 'AddressFamily inet6', 'AddressFamily'],
  ['a ProxyCommand that passes nothing', 'ProxyUseFdpass yes\n  ProxyCommand true', 'ProxyUseFdpass'],
  ['a name that is canonical nowhere', CANONICAL, 'Its name is not known'],
  ['an Include of itself', 'Include LOOP', "Fix OpenSSH's configuration"],
  ['ciphers that it has not', 'Ciphers aes128-cbc', 'no algorithm in common'],
])('%s is reported at once', async (_, line, advice) => {
  // Before the configuration's own setting: OpenSSH uses the first of two.
  const { configuration } = sshd.openssh;
  const text = readFileSync(configuration, 'utf8');
  writeFileSync(
    configuration,
    text.replace('Host here\n', () => `Host here\n  ${line.replace('LOOP', file('loop'))}\n`),
  );
  writeFileSync(file('loop'), `Include ${file('loop')}\n`);
  for (const SHELL of ['/bin/sh', '/bin/bash']) {
    vi.stubEnv('SHELL', SHELL);
    await expect(connect('here', 600)).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      kind: 'configuration',
      message: expect.stringContaining(advice),
    });
  }
});

test.each(['${CLIENT}', 'a;b'])('%s, which is not a name, is reported at once', async (host) => {
  await expect(connect(host, 600)).rejects.toMatchObject({ kind: 'configuration' });
});

test('a missing configuration is reported at once', async () => {
  const options = { name: 'server', destination: 'here', signal: never, deadlineSeconds: 600 };
  await expect(connectOpenssh({ ...options, configuration: file('nosuch') })).rejects.toMatchObject({
    message: expect.stringContaining("Fix OpenSSH's configuration"),
  });
});

test("a name that is not found is not taken for a shell's missing program", async () => {
  program(
    'ssh',
    'if [ "$1" = -V ]; then echo OpenSSH_9.2p1 >&2; exit; fi; echo "ssh: Could not resolve hostname here: Host not found" >&2; exit 255',
  );
  await expect(connect('here', 600)).rejects.toMatchObject({
    message: expect.stringContaining('Its name is not known'),
  });
});

test('the name of a rebooting machine may be unknown for a while', async () => {
  const { configuration } = sshd.openssh;
  const options = { name: 'server', destination: 'nobody.invalid', configuration, signal: never };
  await expect(connectOpenssh({ ...options, deadlineSeconds: 2, isAway: true })).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
  });
});

test('a machine that is still booting is tried until it answers', async () => {
  await sshd.stop();
  const connecting = connect('here', 30);
  setTimeout(() => sshd.start(), 1500);
  await using machine = await connecting;
  expect(machine.name).toBe('server');
});

test('what a configuration starts ends with the attempt that started it', async () => {
  const { configuration } = sshd.openssh;
  const text = readFileSync(configuration, 'utf8');
  program('hangs', `echo $$ >${file('pid')}; sleep 1000; echo over`);
  writeFileSync(configuration, `Match exec hangs\n  User nobody\n${text}`);
  await expect(connect('here', 2)).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringContaining('OpenSSH has neither connected nor failed. Try "ssh -v here" by hand'),
  });
  expect(isRunning(processStat(Number(readFileSync(file('pid'), 'utf8'))))).toBe(false);
});

test('a machine that does not come up is reported with how the last attempt failed', async () => {
  await sshd.stop();
  await expect(connect('here', 2)).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringMatching(/SSH to here\. Last seen: OpenSSH says: .*Connection refused/),
  });
});

/** What OpenSSH's own client makes of a machine; what every machine promises is held against it in machine.test.ts. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectOpenssh, opensshArgv } from './openssh.ts';
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
  // A destination can be no option.
  expect(opensshArgv({ destination: '-oProxyCommand=true' }, ['true']).slice(-3, -1)).toEqual([
    '--',
    '-oProxyCommand=true',
  ]);
});

test('goes through a jump host, as the configuration says', async () => {
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

test('leaves nothing on the machine once it is over', async () => {
  const before = readdirSync('/run').filter((name) => name.startsWith('nestbench-ssh.'));
  const machine = await connect();
  await machine[Symbol.asyncDispose]();
  await vi.waitFor(
    () => expect(readdirSync('/run').filter((name) => name.startsWith('nestbench-ssh.'))).toEqual(before),
    { timeout: 10_000, interval: 50 },
  );
});

test('a machine that is lost says so', async () => {
  await using machine = await connect();
  sshd.dropConnections();
  await expect(machine.lost).resolves.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST' });
});

test('an unknown host key is told at once, with what to do', async () => {
  writeFileSync(file('known_hosts'), '');
  await expect(connect()).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'configuration',
    message: expect.stringMatching(
      /^"ssh here" does not give .* of server\. Its host key is not in known_hosts/,
    ),
  });
});

test('a host key that changed is told at once', async () => {
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${sshd.port} ${generateKeyPair().publicKey}\n`);
  await expect(connect()).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'configuration',
    message: expect.stringContaining('It shows another host key than known_hosts has for it'),
  });
});

test('a key that is not taken is told at once', async () => {
  writeFileSync(file('user_key'), generateKeyPair().privateKey, { mode: 0o600 });
  await expect(connect()).rejects.toMatchObject({
    kind: 'configuration',
    message: expect.stringContaining('It takes none of the keys'),
  });
});

test('a name that nobody knows is told at once', async () => {
  await expect(connect('nobody.invalid')).rejects.toMatchObject({
    kind: 'configuration',
    message: expect.stringContaining('Its name is not known'),
  });
});

test('a machine that is still booting is tried until it answers', async () => {
  await sshd.stop();
  const connecting = connect('here', 30);
  setTimeout(() => sshd.start(), 1500);
  await using machine = await connecting;
  expect(machine.name).toBe('server');
});

test('a machine that does not come up is told with how the last attempt failed', async () => {
  await sshd.stop();
  await expect(connect('here', 2)).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringMatching(/SSH to here\. Last seen: OpenSSH says: .*Connection refused/),
  });
});

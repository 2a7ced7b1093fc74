/** Tests of every kind of machine: results and connections. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';
import { describeMachines } from './machines.testing.ts';
import { freePort } from './ssh/sshd.testing.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 40 };

describeMachines((machine, name) => {
  test('has a name', () => {
    expect(machine().name).toBe(name);
  });

  test('returns what a command printed, how it exited and how long it took', async () => {
    const [before, begun] = [Date.now(), performance.now()];
    const completed = await machine().run(['sh', '-c', 'echo out; echo err >&2; exit 3'], generous);
    expect(completed).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3, signal: null });
    expect(completed.started.getTime()).toBeGreaterThanOrEqual(before);
    expect(completed.started.getTime()).toBeLessThanOrEqual(Date.now());
    expect(completed.seconds * 1000).toBeLessThanOrEqual(performance.now() - begun);
  });

  test('counts all the time from the start of a command to its end', async () => {
    const script = 'date +%s%N; sleep 0.1; date +%s%N';
    const { stdout, seconds } = await machine().run(['sh', '-c', script], generous);
    const [start = 0, end = 0] = stdout.split('\n').map(Number);
    expect(end - start).toBeGreaterThan(0);
    expect(seconds * 1e9).toBeGreaterThanOrEqual(end - start);
  });

  test('runs an argv verbatim, without a shell', async () => {
    const argv = ['printf', '%s|', '$HOME', "it's", 'a\nb', '', '*', '"', '\\', 'ünï'];
    await expect(machine().check(argv, generous)).resolves.toBe('$HOME|it\'s|a\nb||*|"|\\|ünï|');
  });

  test('feeds the input and closes it', async () => {
    await expect(machine().check(['cat'], { ...generous, input: 'zwölf\n' })).resolves.toBe('zwölf\n');
  });

  test('gives an empty input by default', async () => {
    await expect(machine().check(['cat'], generous)).resolves.toBe('');
  });

  test('accepts input that nobody reads', async () => {
    await expect(machine().check(['true'], { ...generous, input: 'x'.repeat(1_000_000) })).resolves.toBe('');
  });

  test('loses nothing of a large output', async () => {
    const output = await machine().check(['head', '-c', '20000000', '/dev/zero'], generous);
    expect(output).toHaveLength(20_000_000);
  });

  test('ends a command that prints without end', async () => {
    await expect(machine().run(['yes', 'nestbench'], generous)).rejects.toMatchObject({
      code: 'NESTBENCH_COMMAND_FAILED',
      kind: 'benchmark',
      message: expect.stringMatching(
        /"yes nestbench" printed more than 64 million characters, so it was ended\./,
      ),
      output: expect.stringContaining('nestbench\nnestbench'),
    });
  });

  test('joins characters that are split across chunks', async () => {
    const script = String.raw`printf '\303'; sleep 0.1; printf '\251\n'`;
    await expect(machine().check(['sh', '-c', script], generous)).resolves.toBe('é\n');
  });

  test('reports which signal ended a command', async () => {
    const completed = await machine().run(['sh', '-c', 'kill -KILL $$'], generous);
    expect(completed).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('gives exit code 127 for a program that does not exist', async () => {
    const completed = await machine().run(['/no/such/program'], generous);
    expect(completed.exitCode).toBe(127);
    expect(completed.stderr).toContain('/no/such/program');
  });

  test('gives exit code 126 for a file that is not a program', async () => {
    await expect(machine().run(['/etc/passwd'], generous)).resolves.toMatchObject({ exitCode: 126 });
  });

  test('rejects a checked command that fails, with machine, argv, exit code and the end of stderr', async () => {
    const argv = ['sh', '-c', 'seq 100 >&2; echo no such bridge >&2; exit 4'];
    const error = await machine()
      .check(argv, generous)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'NESTBENCH_COMMAND_FAILED',
      machine: name,
      argv,
      exitCode: 4,
    });
    expect(error).toHaveProperty('output', expect.stringMatching(/^82\n[^]*\n100\nno such bridge$/));
  });

  test('shows the end of stdout if stderr is empty', async () => {
    const failing = machine().check(['sh', '-c', 'echo said on stdout; exit 1'], generous);
    await expect(failing).rejects.toMatchObject({ output: 'said on stdout' });
  });

  test('rejects a word with a NUL before anything runs', async () => {
    await expect(machine().run(['echo', 'a\0b'], generous)).rejects.toThrow(RangeError);
  });

  test('connects to a Unix socket', async () => {
    const socket = path.join(temporaryDirectory(), 's');
    const server = createServer((client) => client.end('hello')).listen(socket);
    await once(server, 'listening');
    await expect(text(await machine().openSocket(socket, never))).resolves.toBe('hello');
    server.close();
  });

  test('reports a Unix socket that does not exist', async () => {
    await expect(machine().openSocket('/no/such/socket', never)).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      message: expect.stringContaining(`the connection to /no/such/socket on ${name}`),
    });
  });

  test('opens a TCP connection', async () => {
    const server = createServer((client) => client.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await expect(text(await machine().connect('127.0.0.1', address.port, never))).resolves.toBe('hello');
    server.close();
  });

  test('reports a TCP port without a listener', async () => {
    const port = await freePort();
    await expect(machine().connect('127.0.0.1', port, never)).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      machine: name,
    });
  });

  test('opens nothing once aborted', async () => {
    const opening = machine().connect('127.0.0.1', 9, AbortSignal.abort());
    await expect(opening).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  });
});

/** What every machine promises, held against each kind of machine. */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NestbenchError } from '../errors.ts';
import { hostMachine } from './host.ts';
import type { Machine } from './machine.ts';
import { endSleeps, processesWith, uniqueSleep } from './processes.testing.ts';
import { freePort, testSshd, type TestSshd, whyNoSshd } from './sshd.testing.ts';

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 40 };
/** Ignores TERM, and so does its child. */
const stubborn = (seconds: string): string[] => [
  'sh',
  '-c',
  `trap '' TERM; echo up; sleep ${seconds} & wait; sleep ${seconds}`,
];

const noSshd = whyNoSshd();

describe.each(['host', 'l1'])('%s', (name) => {
  const skipped = name === 'l1' && noSshd !== undefined;
  let sshd: TestSshd | undefined;
  let machine: Machine;

  beforeAll(async () => {
    if (skipped) return;
    if (name === 'host') {
      machine = hostMachine();
    } else {
      sshd = await testSshd();
      machine = await sshd.machine({ deadlineSeconds: 60 });
    }
  }, 90_000);
  afterAll(async () => {
    if (skipped) return;
    await machine[Symbol.asyncDispose]();
    await sshd?.[Symbol.asyncDispose]();
  });

  beforeEach((context) => context.skip(skipped, noSshd));

  test('tells its name', () => {
    expect(machine.name).toBe(name);
  });

  test('gives back what a command printed, how it exited and how long it took', async () => {
    const before = Date.now();
    const completed = await machine.run(['sh', '-c', 'echo out; echo err >&2; sleep 0.2; exit 3'], generous);
    expect(completed).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3, signal: null });
    expect(completed.seconds).toBeGreaterThan(0.19);
    expect(completed.started.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('runs an argv as it stands, without a shell', async () => {
    const argv = ['printf', '%s|', '$HOME', "it's", 'a\nb', '', '*', '"', '\\', 'ünï'];
    await expect(machine.check(argv, generous)).resolves.toBe('$HOME|it\'s|a\nb||*|"|\\|ünï|');
  });

  test('feeds the input and closes it', async () => {
    await expect(machine.check(['cat'], { ...generous, input: 'zwölf\n' })).resolves.toBe('zwölf\n');
  });

  test('gives an empty input where none is given', async () => {
    await expect(machine.check(['cat'], generous)).resolves.toBe('');
  });

  test('does not mind input that nobody reads', async () => {
    await expect(machine.check(['true'], { ...generous, input: 'x'.repeat(1_000_000) })).resolves.toBe('');
  });

  test('loses nothing of a large output', async () => {
    const output = await machine.check(['head', '-c', '20000000', '/dev/zero'], generous);
    expect(output).toHaveLength(20_000_000);
  });

  test('keeps characters whole that are split across chunks', async () => {
    const script = String.raw`printf '\303'; sleep 0.1; printf '\251\n'`;
    await expect(machine.check(['sh', '-c', script], generous)).resolves.toBe('é\n');
  });

  test('tells which signal ended a command', async () => {
    const completed = await machine.run(['sh', '-c', 'kill -KILL $$'], generous);
    expect(completed).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('takes a program that is not there for exit 127', async () => {
    const completed = await machine.run(['/no/such/program'], generous);
    expect(completed.exitCode).toBe(127);
    expect(completed.stderr).toContain('/no/such/program');
  });

  test('takes a file that is no program for exit 126', async () => {
    await expect(machine.run(['/etc/passwd'], generous)).resolves.toMatchObject({ exitCode: 126 });
  });

  test('rejects a checked command that fails, with machine, argv, exit code and the end of stderr', async () => {
    const argv = ['sh', '-c', 'seq 100 >&2; echo no such bridge >&2; exit 4'];
    const error = await machine.check(argv, generous).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'NESTBENCH_COMMAND_FAILED',
      facts: { machine: name, argv, exitCode: 4 },
    });
    expect(error).toHaveProperty('facts.output', expect.stringMatching(/^82\n[^]*\n100\nno such bridge$/));
  });

  test('shows the end of stdout where stderr is empty', async () => {
    const failing = machine.check(['sh', '-c', 'echo said on stdout; exit 1'], generous);
    await expect(failing).rejects.toMatchObject({ facts: { output: 'said on stdout' } });
  });

  test('refuses a word with a NUL before anything runs', async () => {
    await expect(machine.run(['echo', 'a\0b'], generous)).rejects.toThrow(RangeError);
  });

  test('ends a command at its deadline, with all of its process group', async () => {
    const seconds = uniqueSleep();
    const running = machine.run(['sh', '-c', `echo begun; sleep ${seconds} & sleep ${seconds}`], {
      ...generous,
      deadlineSeconds: 1,
    });
    await expect(running).rejects.toMatchObject({
      code: 'NESTBENCH_DEADLINE',
      message: expect.stringMatching(new RegExp(`^On ${name}, "sh .*did not end within 1 s`)),
      facts: { machine: name, seconds: 1, output: 'begun' },
    });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('ends a command at its deadline even if it ignores TERM', async () => {
    const seconds = uniqueSleep();
    const running = machine.run(stubborn(seconds), { ...generous, deadlineSeconds: 1 });
    await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_DEADLINE' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('ends a command on abort', async () => {
    const seconds = uniqueSleep();
    const controller = new AbortController();
    const running = await machine.start(['sleep', seconds], { ...generous, signal: controller.signal });
    expect(processesWith(seconds)).toHaveLength(1);
    controller.abort();
    await expect(running.exited).rejects.toMatchObject({
      code: 'NESTBENCH_ABORTED',
      facts: { machine: name },
    });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('ends a command that is aborted while it is being started', async () => {
    const seconds = uniqueSleep();
    const controller = new AbortController();
    const running = machine.run(['sleep', seconds], { ...generous, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('starts nothing once aborted', async () => {
    const seconds = uniqueSleep();
    const running = machine.run(['sleep', seconds], { ...generous, signal: AbortSignal.abort() });
    await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test("rejects with the signal's reason where that is one of ours", async () => {
    const controller = new AbortController();
    const reason = new NestbenchError(
      'NESTBENCH_GUEST_PANICKED',
      'infrastructure',
      'The kernel of l1 panicked.',
    );
    const running = machine.run(['sleep', uniqueSleep()], { ...generous, signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  test('shows what a running command has printed so far', async () => {
    await using running = await machine.start(
      ['sh', '-c', 'echo one; echo two >&2; exec sleep 100'],
      generous,
    );
    while (running.output().length < 8) await sleep(20);
    expect(running.output().split('\n').toSorted().join(' ').trim()).toBe('one two');
  });

  test('stops a running command and tells how it ended', async () => {
    const seconds = uniqueSleep();
    const running = await machine.start(['sleep', seconds], generous);
    await expect(running.stop()).resolves.toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('kills a running command that ignores being stopped', async () => {
    const seconds = uniqueSleep();
    const running = await machine.start(stubborn(seconds), generous);
    while (running.output() === '') await sleep(20);
    await expect(running.stop()).resolves.toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('stops a command twice as well as once, and one that has exited', async () => {
    const running = await machine.start(['sh', '-c', 'exit 5'], generous);
    await running.exited;
    await expect(running.stop()).resolves.toMatchObject({ exitCode: 5 });
    await expect(running.stop()).resolves.toMatchObject({ exitCode: 5 });
  });

  test('is not held by a descendant that left the process group with the output open', async () => {
    const seconds = uniqueSleep();
    const running = await machine.start(['sh', '-c', `setsid sleep ${seconds} & echo up; wait`], generous);
    while (running.output() === '') await sleep(20);
    await expect(running.stop()).resolves.toMatchObject({ stdout: 'up\n' });
    endSleeps();
  });

  test('leaves no unhandled rejection where nobody waits for a command', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const running = await machine.start(['sleep', uniqueSleep()], { ...generous, deadlineSeconds: 0.3 });
    await running[Symbol.asyncDispose]();
    await sleep(500);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  test('reaches a Unix socket', async () => {
    const socket = path.join(mkdtempSync(path.join(tmpdir(), 'nestbench-socket-')), 's');
    const server = createServer((client) => client.end('hello')).listen(socket);
    await once(server, 'listening');
    await expect(text(await machine.openSocket(socket, never))).resolves.toBe('hello');
    server.close();
  });

  test('says so where a Unix socket is not there', async () => {
    await expect(machine.openSocket('/no/such/socket', never)).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      message: expect.stringContaining(`the connection to /no/such/socket on ${name}`),
    });
  });

  test('makes a TCP connection', async () => {
    const server = createServer((client) => client.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await expect(text(await machine.connect('127.0.0.1', address.port, never))).resolves.toBe('hello');
    server.close();
  });

  test('says so where nobody listens', async () => {
    const port = await freePort();
    await expect(machine.connect('127.0.0.1', port, never)).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      facts: { machine: name },
    });
  });

  test('opens nothing once aborted', async () => {
    const opening = machine.connect('127.0.0.1', 9, AbortSignal.abort());
    await expect(opening).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  });
});

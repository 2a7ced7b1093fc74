import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Command, file, type Service } from '../../fixtures/benchmarks/benchmark.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { AbortedError } from '../lib/errors.ts';
import { endSleeps, processesWith, uniqueSleep } from '../lib/processes.testing.ts';
import type { Iteration } from './sample.ts';
import { type RunningService, startService } from './service.ts';
import { machines, counting, shell } from './toys.testing.ts';

const never = new AbortController().signal;
const forever = { signal: never, deadlineSeconds: Infinity };
afterEach(endSleeps);

function start(
  wanted: Service,
  options: { signal?: AbortSignal; seconds?: number } = {},
): Promise<RunningService> {
  return startService('toy', wanted, machines, options.signal ?? never, options.seconds);
}

function service(script: string, ready: Command): Service {
  return { argv: ['sh', '-c', script], ready };
}

test('it runs once a request was answered, and has ended once stopped', async () => {
  const seconds = uniqueSleep();
  await using running = await start(service(`exec sleep ${seconds}`, shell('true', 'client')));
  await expect.poll(() => processesWith(seconds), { timeout: 20_000 }).toHaveLength(1);
  await running.end();
  expect(processesWith(seconds)).toEqual([]);
});

test('requests are repeated until it answers', async () => {
  const count = path.join(temporaryDirectory(), 'count');
  const ready = shell(`${counting(count)}; echo not yet; test $n -ge 3`, 'client');
  await using running = await start(service(`exec sleep ${uniqueSleep()}`, ready));
  const again = await machines.client.check(['cat', count], { signal: never, deadlineSeconds: 10 });
  expect(again).toBe('3\n');
  await running.end();
});

test('it is prepared before it starts, each command with its input, and cleaned up once it has ended', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  await using running = await start({
    before: [file('level', log, 'prepared\n'), shell(`echo prepared on the client >>'${log}'`, 'client')],
    argv: [
      'sh',
      '-c',
      `trap "echo ended >>'${log}'; exit" TERM; echo up >>'${log}'; while :; do sleep 0.05; done`,
    ],
    ready: shell(`grep -q up '${log}' && echo asked >>'${log}'`, 'client'),
    after: [shell(`echo tidied >>'${log}'`)],
  });
  await running.end();
  expect(readFileSync(log, 'utf8')).toBe('prepared\nprepared on the client\nup\nasked\nended\ntidied\n');
});

test('a restart ends it, starts it without preparing it again, and waits for its answer', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  await using running = await start({
    before: [shell(`echo prepared >>'${log}'`)],
    argv: [
      'sh',
      '-c',
      `trap "echo ended >>'${log}'; exit" TERM; echo up >>'${log}'; while :; do sleep 0.05; done`,
    ],
    ready: shell(`tail -n 1 '${log}' | grep -q up && echo asked >>'${log}'`, 'client'),
    after: [shell(`echo tidied >>'${log}'`)],
  });
  await running.restart();
  await running.end();
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines.join(' ')).toBe('prepared up asked ended up asked ended tidied');
});

test('one that does not come back after a restart is reported', async () => {
  const directory = temporaryDirectory();
  const [starts, requests] = [path.join(directory, 'starts'), path.join(directory, 'requests')];
  await using running = await start(
    service(
      `${counting(starts)}; test $n = 1 || exit 1; exec sleep ${uniqueSleep()}`,
      // Not before it has counted its start.
      shell(`test -s '${starts}' || exit 1; ${counting(requests)}; test $n = 1`, 'client'),
    ),
  );
  await expect(running.restart()).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    kind: 'benchmark',
  });
});

test('one that cannot be prepared does not start', async () => {
  const seconds = uniqueSleep();
  const unprepared: Service = {
    before: [shell('echo no room >&2; exit 1')],
    argv: ['sleep', seconds],
    ready: shell('true', 'client'),
  };
  await expect(start(unprepared)).rejects.toMatchObject({
    code: 'NESTBENCH_COMMAND_FAILED',
    kind: 'benchmark',
    machine: 'l1',
    output: 'no room',
  });
  expect(processesWith(seconds)).toEqual([]);
});

test('one whose clean-up fails says so', async () => {
  const seconds = uniqueSleep();
  const untidy = { argv: ['sleep', seconds], ready: shell('true', 'client'), after: [shell('exit 3')] };
  await using running = await start(untidy);
  await expect(running.end()).rejects.toMatchObject({ code: 'NESTBENCH_COMMAND_FAILED', kind: 'benchmark' });
  expect(processesWith(seconds)).toEqual([]);
});

test('a measurement during which it ended is not a sample, whatever its loader says', async () => {
  const alive = path.join(temporaryDirectory(), 'alive');
  const mortal = `touch '${alive}'; while [ -e '${alive}' ]; do sleep 0.02; done; echo out of memory`;
  await using running = await start(service(mortal, shell(`test -e '${alive}'`, 'client')));
  const sampled: Iteration = {
    state: 'sampled',
    value: 5,
    work: undefined,
    completed: await machines.client.run(['true'], forever),
    counted: { startedAt: 0, endedAt: 1, l0: undefined, host: undefined },
    beforeSeconds: 0,
    afterSeconds: 0,
  };
  expect(running.judge(sampled)).toBe(sampled);
  rmSync(alive);
  await expect.poll(() => running.judge(sampled).state).toBe('failed');
  expect(running.judge(sampled)).toMatchObject({
    completed: sampled.completed,
    error: {
      code: 'NESTBENCH_SERVICE_FAILED',
      message: 'The service of toy on l1 failed: it ended while it was measured.',
      output: 'out of memory\n',
    },
  });
});

test('one that ends before it answers is reported with what it printed', async () => {
  const starting = start(service('echo cannot bind >&2; exit 1', shell('false', 'client')));
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    kind: 'benchmark',
    message: 'The service of toy on l1 failed: it ended before it answered.',
    machine: 'l1',
    output: 'cannot bind\n',
  });
});

test('one that is not a program is reported like one that ended', async () => {
  const starting = start({ argv: ['/no/such/server'], ready: shell('false', 'client') });
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    output: expect.stringContaining('/no/such/server'),
  });
});

test('an answer of another server does not count for one that ended', async () => {
  // The answer takes longer than the service's end.
  const starting = start(service('echo address in use; exit 1', shell('sleep 0.3', 'client')));
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    output: 'address in use\n',
  });
});

test('one that never answers is reported with what the request saw last, and is ended', async () => {
  const seconds = uniqueSleep();
  const silent = service(
    `echo listening; exec sleep ${seconds}`,
    shell('echo refused >&2; exit 1', 'client'),
  );
  await expect(start(silent, { seconds: 0.5 })).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    kind: 'benchmark',
    message: expect.stringMatching(/an answer of toy's service\. Last seen: refused/),
    machine: 'l1',
    output: 'listening\n',
  });
  expect(processesWith(seconds)).toEqual([]);
});

test('one whose request hangs is reported, and neither is left', async () => {
  const [server, request] = [uniqueSleep(), uniqueSleep()];
  const hanging = service(`exec sleep ${server}`, shell(`exec sleep ${request}`, 'client'));
  await expect(start(hanging, { seconds: 0.5 })).rejects.toMatchObject({ code: 'NESTBENCH_SERVICE_FAILED' });
  expect([...processesWith(server), ...processesWith(request)]).toEqual([]);
});

test('an abort during the wait ends it and is thrown as its reason', async () => {
  const seconds = uniqueSleep();
  const asked = path.join(temporaryDirectory(), 'asked');
  const controller = new AbortController();
  const starting = start(service(`exec sleep ${seconds}`, shell(`touch '${asked}'; exit 1`, 'client')), {
    signal: controller.signal,
  });
  const reason = new AbortedError({ message: 'stopped' });
  const failure = starting.catch((error: unknown) => error);
  await expect.poll(() => existsSync(asked)).toBe(true);
  controller.abort(reason);
  expect(await failure).toBe(reason);
  expect(processesWith(seconds)).toEqual([]);
});

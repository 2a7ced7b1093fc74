import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Command, Service } from '../../fixtures/benchmarks/benchmark.ts';
import { temporaryDirectory } from '../temporary.testing.ts';
import { NestbenchError } from '../errors.ts';
import type { RunningCommand } from '../machine/machine.ts';
import { endSleeps, processesWith, uniqueSleep } from '../machine/processes.testing.ts';
import { startService } from './service.ts';
import { bed, counting, shell, target } from './toys.testing.ts';

const never = new AbortController().signal;
afterEach(endSleeps);

function start(
  wanted: Service,
  options: { signal?: AbortSignal; seconds?: number } = {},
): Promise<RunningCommand> {
  return startService('toy', wanted, target, bed, options.signal ?? never, options.seconds);
}

function service(script: string, ready: Command): Service {
  return { argv: ['sh', '-c', script], ready: () => ready };
}

test('it runs once a request was answered, and is gone once stopped', async () => {
  const seconds = uniqueSleep();
  await using running = await start(service(`exec sleep ${seconds}`, shell('true', 'client')));
  expect(processesWith(seconds)).toHaveLength(1);
  await running.stop();
  expect(processesWith(seconds)).toEqual([]);
});

test('it is asked again until it answers', async () => {
  const count = path.join(temporaryDirectory(), 'count');
  const ready = shell(`${counting(count)}; echo not yet; test $n -ge 3`, 'client');
  await using running = await start(service(`exec sleep ${uniqueSleep()}`, ready));
  const again = await bed.client.check(['cat', count], { signal: never, deadlineSeconds: 10 });
  expect(again).toBe('3\n');
  await running.stop();
});

test('the request knows the level under test', async () => {
  const asking: Service = {
    argv: ['sleep', uniqueSleep()],
    ready: ({ address, cpus }) => ({
      on: 'client',
      argv: ['test', `${address} ${cpus}`, '=', '127.0.0.1 2'],
    }),
  };
  await using running = await start(asking);
  expect(running.output()).toBe('');
});

test('one that ends before it answers is told with what it printed', async () => {
  const starting = start(service('echo cannot bind >&2; exit 1', shell('false', 'client')));
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    kind: 'benchmark',
    message: 'The service of toy on l1 is not there: it ended before it answered.',
    facts: { machine: 'l1', output: 'cannot bind\n' },
  });
});

test('one that is no program is told as one that ended', async () => {
  const starting = start({ argv: ['/no/such/server'], ready: () => shell('false', 'client') });
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    facts: { output: expect.stringContaining('/no/such/server') },
  });
});

test('an answer of another server does not make up for one that ended', async () => {
  // It takes the answer longer to come than the service to end.
  const starting = start(service('echo address in use; exit 1', shell('sleep 0.3', 'client')));
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    facts: { output: 'address in use\n' },
  });
});

test('one that never answers is told with what the request saw last, and is ended', async () => {
  const seconds = uniqueSleep();
  const silent = service(
    `echo listening; exec sleep ${seconds}`,
    shell('echo refused >&2; exit 1', 'client'),
  );
  await expect(start(silent, { seconds: 0.5 })).rejects.toMatchObject({
    code: 'NESTBENCH_SERVICE_FAILED',
    kind: 'benchmark',
    message: expect.stringMatching(/an answer of toy's service\. Last seen: refused/),
    facts: { machine: 'l1', output: 'listening\n' },
  });
  expect(processesWith(seconds)).toEqual([]);
});

test('one whose request hangs is told, and neither is left', async () => {
  const [server, request] = [uniqueSleep(), uniqueSleep()];
  const hanging = service(`exec sleep ${server}`, shell(`exec sleep ${request}`, 'client'));
  await expect(start(hanging, { seconds: 0.5 })).rejects.toMatchObject({ code: 'NESTBENCH_SERVICE_FAILED' });
  expect([...processesWith(server), ...processesWith(request)]).toEqual([]);
});

test('an abort while it is awaited ends it and is thrown as its reason', async () => {
  const seconds = uniqueSleep();
  const file = path.join(temporaryDirectory(), 'asked');
  const controller = new AbortController();
  const starting = start(service(`exec sleep ${seconds}`, shell(`touch '${file}'; exit 1`, 'client')), {
    signal: controller.signal,
  });
  const reason = new NestbenchError('NESTBENCH_ABORTED', 'infrastructure', 'stopped');
  const failure = starting.catch((error: unknown) => error);
  await expect.poll(() => existsSync(file)).toBe(true);
  controller.abort(reason);
  expect(await failure).toBe(reason);
  expect(processesWith(seconds)).toEqual([]);
});

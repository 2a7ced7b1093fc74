import { copyFileSync } from 'node:fs';
import { once } from 'node:events';
import { uptime } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { guestProgram } from './guest-program.testing.ts';
import { hostMachine } from './host.ts';
import { openSocketOnceThere } from './socket.ts';
import { incidentsProgram } from './incidents.testing.ts';
import { endSleeps } from '../lib/processes.testing.ts';

const forever = { signal: new AbortController().signal, deadlineSeconds: 60 };
const host = hostMachine();
afterEach(endSleeps);

/** Uses a program with a unique name, because other processes of this host may be killed meanwhile. */
async function endings(script: (program: string) => string) {
  const reports = await incidentsProgram();
  const name = `nb${process.pid}x`;
  const program = path.join(temporaryDirectory(), name);
  copyFileSync('/bin/sh', program);
  const { exitCode } = await host.run(['sh', '-c', script(program)], forever);
  const ask = async () => {
    const { processes } = await reports.sinceLast(forever.signal);
    return processes.filter((one) => one.name === name);
  };
  return { name, exitCode, first: await ask(), second: await ask() };
}

describe.runIf(process.getuid?.() === 0)('on a machine with process accounting', () => {
  test('killed processes are reported once, even if their parent exited with 0', async () => {
    const { name, exitCode, first, second } = await endings(
      (program) =>
        `for n in 1 2 3; do ${program} -c 'kill -KILL $$'; done; ${program} -c 'kill -SEGV $$'; exit 0`,
    );
    expect(exitCode).toBe(0);
    expect(first).toEqual([
      { name, signal: 'SIGKILL', count: 3 },
      { name, signal: 'SIGSEGV', count: 1 },
    ]);
    expect(second).toEqual([]);
  });

  test('processes that exited by themselves are not, whatever their exit code', async () => {
    const { first } = await endings((program) => `${program} -c 'exit 137'; ${program} -c 'exit 0'`);
    expect(first).toEqual([]);
  });

  test('the writer of a pipeline whose reader had enough is not', async () => {
    const { first } = await endings((program) => `${program} -c 'kill -PIPE $$'; exit 0`);
    expect(first).toEqual([]);
  });

  test('one that caught the signal and exited is not', async () => {
    const { first } = await endings((program) => `${program} -c 'trap "exit 3" TERM; kill -TERM $$'; exit 0`);
    expect(first).toEqual([]);
  });
});

test('it reports when the machine booted by its time of day, the same each time', async () => {
  const { socket } = guestProgram('incidents', temporaryDirectory(), []);
  const stream = await openSocketOnceThere(host, socket, 'the program', forever);
  const ask = async (): Promise<number> => {
    stream.write('incidents\n');
    const [answer] = await once(stream, 'data');
    return Number(/"bootedAt":([\d.]+)/.exec(String(answer))?.[1]);
  };
  const first = await ask();
  expect(Math.abs(first - (Date.now() / 1000 - uptime()))).toBeLessThan(1);
  expect(Math.abs((await ask()) - first)).toBeLessThan(0.01);
  stream.destroy();
});

test('without process accounting, no processes are reported', async () => {
  const reports = await incidentsProgram({ accounting: false });
  await host.run(['sh', '-c', 'kill -KILL $$'], forever);
  expect(await reports.sinceLast(forever.signal)).toEqual({
    machine: 'l1',
    processes: [],
    oomKills: 0,
    clockSetSeconds: 0,
  });
});

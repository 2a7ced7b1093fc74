import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { connectCounters } from './counters.ts';
import { countersProgram } from './counters.testing.ts';
import { hostMachine } from './host.ts';

const never = new AbortController().signal;

describe('a snapshot', () => {
  test("has KVM's existing counters, with their current values", async () => {
    const { connect, set } = countersProgram();
    set('exits', 5);
    set('halt_exits', 18_446_744_073);
    const counters = await connect();
    expect((await counters.snapshot(never)).kvm).toEqual({ exits: 5, halt_exits: 18_446_744_073 });
    set('exits', 7);
    expect((await counters.snapshot(never)).kvm).toMatchObject({ exits: 7 });
  });

  test('leaves out what is not a number', async () => {
    const { connect, set } = countersProgram();
    set('exits', '1 2 3');
    set('io_exits', '');
    expect((await (await connect()).snapshot(never)).kvm).toEqual({});
  });

  test('has the time of its host, in nanoseconds', async () => {
    const counters = await countersProgram().connect();
    // Node's clock is the same one (CLOCK_MONOTONIC).
    const moments = [Number(process.hrtime.bigint())];
    for (let reading = 0; reading < 2; reading++) {
      moments.push((await counters.snapshot(never)).nanoseconds, Number(process.hrtime.bigint()));
    }
    expect(moments).toEqual(moments.toSorted((one, other) => one - other));
  });

  test('has every process, with the CPU time of all its threads', async () => {
    const counters = await countersProgram().connect();
    const of = async (pid: number) => {
      const { processes } = await counters.snapshot(never);
      return processes.find((one) => one.pid === pid);
    };
    const before = await of(process.pid);
    const used = process.cpuUsage();
    while (process.cpuUsage(used).user + process.cpuUsage(used).system < 50_000);
    const after = await of(process.pid);
    expect(before).toMatchObject({ kernel: false });
    expect(((after?.nanoseconds ?? 0) - (before?.nanoseconds ?? 0)) / 1e6).toBeGreaterThan(45);
  });

  test('costs the program no CPU time between requests', async () => {
    const { connect, process: program } = countersProgram();
    const counters = await connect();
    const own = async () => {
      const { processes } = await counters.snapshot(never);
      return processes.find(({ pid }) => pid === program.pid)?.nanoseconds ?? 0;
    };
    await own();
    const before = await own();
    const busy = (await own()) - before;
    await sleep(500);
    const idle = (await own()) - before - busy;
    // Both are worth one answer.
    expect(idle).toBeLessThan(busy * 5 + 5e6);
  });
});

describe('a program that is not running', () => {
  test('is an infrastructure failure in a sentence, once it dies', async () => {
    const program = countersProgram();
    const counters = await program.connect();
    await counters.snapshot(never);
    program.process.kill('SIGKILL');
    await once(program.process, 'exit');
    await expect(counters.snapshot(never)).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      kind: 'infrastructure',
      message: expect.stringMatching(/^The program that counts exits on l0 can't be reached: /),
      machine: 'l0',
    });
  });

  test('is one too if it dies before it has answered', async () => {
    const program = countersProgram();
    const counters = await program.connect();
    program.process.kill('SIGSTOP');
    const asked = counters.snapshot(never);
    setTimeout(() => program.process.kill('SIGKILL'), 100);
    await expect(asked).rejects.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST' });
    await expect(counters.snapshot(never)).rejects.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST' });
  });

  test('is waited for, and then reported', async () => {
    const socket = `${temporaryDirectory()}/none`;
    const connecting = connectCounters(hostMachine('l0'), never, { socket, deadlineSeconds: 0.3 });
    await expect(connecting).rejects.toMatchObject({
      code: 'NESTBENCH_DEADLINE',
      message: expect.stringContaining(`for the program that counts exits, on ${socket}`),
    });
  });
});

test('an aborted reading ends with the reason, and no later one gets its answer', async () => {
  const program = countersProgram();
  const counters = await program.connect();
  program.process.kill('SIGSTOP');
  const controller = new AbortController();
  const asked = counters.snapshot(controller.signal);
  controller.abort();
  await expect(asked).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  program.process.kill('SIGCONT');
  await expect(counters.snapshot(never)).rejects.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST' });
});

test('a reading for a run that was already stopped asks nothing', async () => {
  const counters = await countersProgram().connect();
  await expect(counters.snapshot(AbortSignal.abort())).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  await expect(counters.snapshot(never)).resolves.toMatchObject({ kvm: {} });
});

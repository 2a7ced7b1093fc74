/** Tests of every kind of machine: how commands end, and that nothing is left of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { BootError } from '../lib/errors.ts';
import { describeMachines } from './machines.testing.ts';
import { endSleeps, processesWith, uniqueSleep } from '../lib/processes.testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const generous = { signal: new AbortController().signal, deadlineSeconds: 40 };
/** Ignores SIGTERM, and so does its child. */
const stubborn = (seconds: string): string[] => [
  'sh',
  '-c',
  `trap '' TERM; echo up; sleep ${seconds} & wait; sleep ${seconds}`,
];

describeMachines((machine, name) => {
  test('ends a command at its deadline, with all of its process group', async () => {
    const seconds = uniqueSleep();
    const running = machine().run(['sh', '-c', `echo begun; sleep ${seconds} & sleep ${seconds}`], {
      ...generous,
      deadlineSeconds: 1,
    });
    await expect(running).rejects.toMatchObject({
      code: 'NESTBENCH_DEADLINE',
      message: expect.stringMatching(new RegExp(`^On ${name}, "sh .*did not end within 1 s`)),
      machine: name,
      seconds: 1,
      output: 'begun',
    });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('ends a command at its deadline even if it ignores SIGTERM', async () => {
    const seconds = uniqueSleep();
    const running = machine().run(stubborn(seconds), { ...generous, deadlineSeconds: 1 });
    await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_DEADLINE' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('ends a command on abort', async () => {
    const seconds = uniqueSleep();
    const controller = new AbortController();
    const running = await machine().start(['sleep', seconds], { ...generous, signal: controller.signal });
    // A channel is open a moment before its command runs.
    await expect.poll(() => processesWith(seconds), { timeout: 20_000 }).toHaveLength(1);
    controller.abort();
    await expect(running.exited).rejects.toMatchObject({
      code: 'NESTBENCH_ABORTED',
      machine: name,
    });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('ends a command that is aborted during its start', async () => {
    const seconds = uniqueSleep();
    const controller = new AbortController();
    const running = machine().run(['sleep', seconds], { ...generous, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('starts nothing once aborted', async () => {
    const seconds = uniqueSleep();
    const running = machine().run(['sleep', seconds], { ...generous, signal: AbortSignal.abort() });
    await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test("rejects with the signal's reason if that is a nestbench error", async () => {
    const controller = new AbortController();
    const reason = new BootError({ message: 'l1 did not start.' });
    const running = machine().run(['sleep', uniqueSleep()], { ...generous, signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  test('shows what a running command has printed so far', async () => {
    await using running = await machine().start(
      ['sh', '-c', 'echo one; echo two >&2; exec sleep 100'],
      generous,
    );
    while (running.output().length < 8) await sleep(20);
    expect(running.output().split('\n').toSorted().join(' ').trim()).toBe('one two');
  });

  test('stops a running command and reports how it ended', async () => {
    const seconds = uniqueSleep();
    const running = await machine().start(['sleep', seconds], generous);
    await expect(running.stop()).resolves.toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('kills a running command that ignores being stopped', async () => {
    const seconds = uniqueSleep();
    const running = await machine().start(stubborn(seconds), generous);
    while (running.output() === '') await sleep(20);
    await expect(running.stop()).resolves.toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(processesWith(seconds)).toEqual([]);
  });

  test('can stop a command twice, and one that has exited', async () => {
    const running = await machine().start(['sh', '-c', 'exit 5'], generous);
    await running.exited;
    await expect(running.stop()).resolves.toMatchObject({ exitCode: 5 });
    await expect(running.stop()).resolves.toMatchObject({ exitCode: 5 });
  });

  test('does not wait for a descendant that left the process group with the output open', async () => {
    const seconds = uniqueSleep();
    const running = await machine().start(['sh', '-c', `setsid sleep ${seconds} & echo up; wait`], generous);
    while (running.output() === '') await sleep(20);
    await expect(running.stop()).resolves.toMatchObject({ stdout: 'up\n' });
    endSleeps();
  });

  test('leaves no unhandled rejection if nobody waits for a command', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): number => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const running = await machine().start(['sleep', uniqueSleep()], { ...generous, deadlineSeconds: 0.3 });
    await running[Symbol.asyncDispose]();
    await sleep(500);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

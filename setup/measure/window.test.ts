import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../machine/counters.ts';
import { windowBetween } from './window.ts';

const SECOND = 1e9;

function snapshot(
  seconds: number,
  kvm: Record<string, number>,
  processes: readonly (readonly [pid: number, name: string, cpuSeconds: number, kernel?: boolean])[] = [],
): Snapshot {
  return {
    nanoseconds: seconds * SECOND,
    kvm,
    processes: processes.map(([pid, name, cpu, kernel = false]) => ({
      pid,
      name,
      kernel,
      nanoseconds: cpu * SECOND,
    })),
  };
}

describe('with a guest', () => {
  const before = snapshot(10, { exits: 100, io_exits: 3, pages_4k: 9 }, [
    [1, 'nestbench-start', 1],
    [9, 'ksoftirqd/0', 2, true],
    [50, 'sshd-session', 3],
    [60, 'qemu-system-x86', 40],
    [61, 'vhost-60', 5, true],
  ]);
  const after = snapshot(14, { exits: 900, io_exits: 3, pages_4k: 1 }, [
    [1, 'nestbench-start', 1],
    [9, 'ksoftirqd/0', 2.25, true],
    [50, 'sshd-session', 3.5],
    [60, 'qemu-system-x86', 43],
    [61, 'vhost-60', 6, true],
    [77, 'surprise', 0.125],
  ]);

  test('exits are what was counted in between, by counters that only grow', () => {
    expect(windowBetween(before, after, { guests: true })).toMatchObject({
      seconds: 4,
      exits: { exits: 800, io_exits: 0 },
    });
    expect(windowBetween(before, after, { guests: true }).exits).not.toHaveProperty('pages_4k');
  });

  test('QEMU and vhost are the benchmark, kernel threads are the kernel, and everything else is the harness', () => {
    expect(windowBetween(before, after, { guests: true }).cpuSeconds).toEqual({
      benchmark: 4,
      kernel: 0.25,
      harness: 0.625,
    });
  });

  test('a counter that fell shows that its virtual machine ended', () => {
    expect(() => windowBetween(after, before, { guests: true })).toThrow(
      /"clock" was 14000000000 before the sample and 10000000000 after/,
    );
    const fallen = snapshot(14, { exits: 99 });
    expect(() => windowBetween(before, fallen, { guests: true })).toThrow(/"exits" was 100 before/);
  });

  test('a KVM without counters is a failure, never a sample without exits', () => {
    expect(() => windowBetween(snapshot(1, {}), snapshot(2, {}), { guests: true })).toThrow(
      /exit counters on l0 are missing/,
    );
  });
});

describe('without a guest', () => {
  const before = snapshot(0, { exits: 0 }, [
    [1, 'nestbench-start', 1],
    [40, 'nestbench-count', 1],
    [50, 'dropbear', 2],
    [51, 'sshd-session', 3],
    [70, 'netserver', 1],
    [71, 'hackbench', 8],
  ]);
  const after = snapshot(2, { exits: 0 }, [
    [1, 'nestbench-start', 1.5],
    [40, 'nestbench-count', 1.25],
    [50, 'dropbear', 2.5],
    [51, 'sshd-session', 3.125],
    [70, 'netserver', 2],
    // A different process, with the number of one that has ended.
    [71, 'hackbench', 0.5],
  ]);

  test('there are no exits, and no share for the benchmark: its processes end between the readings', () => {
    expect(windowBetween(before, after, { guests: false })).toEqual({
      seconds: 2,
      cpuSeconds: { kernel: 0, harness: 1.375 },
    });
  });

  test('the stopwatch of the command is separate: it never runs at the same time as the command', () => {
    const { cpuSeconds } = windowBetween(before, after, { guests: false, stopwatch: 0.125 });
    expect(cpuSeconds).toEqual({ kernel: 0, harness: 1.375, stopwatch: 0.125 });
  });
});

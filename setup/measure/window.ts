/** What L0 saw between two readings around a measured command: the exits, and who used its CPUs. Pure. */
import { EXITS, KVM_COUNTERS } from '../../fixtures/kvm-counters.ts';
import type { ServerWindow } from '../../fixtures/records.ts';
import { CheckError } from '../lib/errors.ts';
import type { Snapshot } from '../machine/counters.ts';

type Process = Snapshot['processes'][number];
type Owner = 'benchmark' | 'kernel' | 'harness';

/**
 * The SSH server (a process for each connection): Dropbear on an emulated testbed, else Debian's sshd; nestbench's init and the
 * sleep it waits with; the counters.
 */
const HARNESS = /^(dropbear|sshd|sshd-session|sshd-auth|nestbench-.*|busybox)$/;
const INIT = 1;

export interface WindowOptions {
  /** Whether L0 runs a guest. If so, its QEMU is the benchmark; otherwise everything outside the harness is. */
  readonly guests: boolean;
  /** CPU seconds of the stopwatch if it ran on L0. It ended in between, so it is in neither reading. */
  readonly stopwatch?: number | undefined;
}

/**
 * @throws NESTBENCH_CHECK_FAILED if a counter or the clock went backwards: a virtual machine ended in between.
 */
export function windowBetween(
  before: Snapshot,
  after: Snapshot,
  { guests, stopwatch }: WindowOptions,
): ServerWindow {
  const owner = guests ? ownerBesideGuests : ownerWithoutGuests;
  const earlier = new Map(before.processes.map((one) => [one.pid, one]));
  const cpu: Record<Owner, number> = { benchmark: 0, kernel: 0, harness: 0 };
  for (const process of after.processes) cpu[owner(process)] += spent(earlier.get(process.pid), process);
  const { kernel, harness, benchmark } = cpu;
  return {
    seconds: grown('clock', before.nanoseconds, after.nanoseconds) / 1e9,
    ...(guests ? { exits: exitsBetween(before, after) } : {}),
    cpuSeconds: {
      kernel,
      harness,
      ...(guests ? { benchmark } : {}),
      ...(stopwatch === undefined ? {} : { stopwatch }),
    },
  };
}

function exitsBetween(before: Snapshot, after: Snapshot): Record<string, number> {
  if (after.kvm[EXITS] === undefined) {
    throw new CheckError({
      message: "KVM's exit counters on l0 are missing: there are none in /sys/kernel/debug/kvm.",
      machine: 'l0',
    });
  }
  return Object.fromEntries(
    KVM_COUNTERS.flatMap((name) => {
      const [was, is] = [before.kvm[name], after.kvm[name]];
      return was === undefined || is === undefined ? [] : [[name, grown(name, was, is)]];
    }),
  );
}

function grown(what: string, before: number, after: number): number {
  if (after >= before) return after - before;
  throw new CheckError({
    message: `KVM's counters on l0 cannot be compared: "${what}" was ${before} before the sample and ${after} after it.`,
    machine: 'l0',
  });
}

/**
 * In seconds. A process that started later counts with all its time; so does one that reuses the number of one that has
 * ended.
 */
function spent(before: Process | undefined, after: Process): number {
  const same = before !== undefined && before.nanoseconds <= after.nanoseconds;
  return (after.nanoseconds - (same ? before.nanoseconds : 0)) / 1e9;
}

/**
 * Up to Linux 6.3 vhost has kernel threads named `vhost-PID` after their QEMU (drivers/vhost/vhost.c). Since 6.4 it has
 * threads of QEMU itself (kernel/vhost_task.c), whose time is QEMU's.
 */
function ownerBesideGuests({ name, kernel }: Process): Owner {
  if (kernel) return name.startsWith('vhost-') ? 'benchmark' : 'kernel';
  return name.startsWith('qemu-system') ? 'benchmark' : 'harness';
}

function ownerWithoutGuests({ pid, name, kernel }: Process): Owner {
  if (kernel) return 'kernel';
  return pid === INIT || HARNESS.test(name) ? 'harness' : 'benchmark';
}

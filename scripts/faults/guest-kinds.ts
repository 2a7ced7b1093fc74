/** Faults inside the stack: its kernels, the QEMUs at each level, and their clocks. */
import { MACHINE_NAMES, type MachineName } from '../../fixtures/addresses.ts';
import { NestbenchError } from '../../setup/lib/errors.ts';
import { BOTH_TESTBEDS, type FaultKind, type Target, type Way } from './fault-kind.ts';
import { NOT_THERE } from './blow.ts';
import type { Scene } from './scene.ts';

const WITH_A_BOOT_SECONDS = 300;

/** The machine that runs the QEMU of another. */
const BELOW: Readonly<Record<string, MachineName>> = { l1: 'l0', l2: 'l1' };
const GUESTS: readonly Target[] = [
  { name: 'l1', level: 1 },
  { name: 'l2', level: 2 },
];
const MACHINES: readonly Target[] = [{ name: 'client', level: 0 }, { name: 'l0', level: 0 }, ...GUESTS];

const targetOf = ({ planned }: Scene): MachineName => machineNamed(planned.target);
const belowOf = ({ planned }: Scene): MachineName => BELOW[planned.target] ?? 'l0';

/** By a command on the target itself. */
function inTarget(command: string): Way {
  return {
    arrive: (scene) => scene.guest(targetOf(scene)),
    inject: (scene) => scene.inGuest(targetOf(scene), command),
  };
}

/**
 * By a command on the target that ends it, after seconds on a slow host. The blow is the end of its QEMU: the run may be
 * over by then.
 */
function endingTarget(command: string): Way {
  return {
    arrive: (scene) => scene.guest(targetOf(scene)),
    async inject(scene) {
      const target = targetOf(scene);
      const ended = BELOW[target] === undefined ? scene.ends(scene.qemu(target)) : guestEnds(scene);
      await Promise.all([ended, scene.beginInGuest(target, command)]);
    },
  };
}

/** Less memory than has to stay free: the end of a QEMU gives enough back, so nothing else is killed. */
const RUN_SHORT =
  'echo $(($(grep MemAvailable /proc/meminfo | tr -dc 0-9) + 65536)) >/proc/sys/vm/min_free_kbytes; head -c 64m /dev/zero | tail -c 64m';

/** Prints the QEMUs that the run started: on a machine of the user's, only they have the image as their root. */
const QEMUS = 'for p in $(pidof qemu-system-x86_64); do [ ! /proc/$p/root -ef / ] || echo $p; done';

/** Waits until the target's QEMU on the level below has ended, or that level with it. */
async function guestEnds(scene: Scene): Promise<void> {
  try {
    await scene.inGuest(belowOf(scene), `while [ -n "$(${QEMUS})" ]; do sleep 0.1; done`);
  } catch (error) {
    if (!(error instanceof NestbenchError && error.code === 'NESTBENCH_CONNECTION_LOST')) throw error;
  }
}

/** By a command on the level below, which runs the target's QEMU. `$qemus` are the ids of its processes. */
function belowTarget(command: string): Way {
  return {
    arrive: (scene) => scene.guest(belowOf(scene)),
    inject: (scene) =>
      scene.inGuest(belowOf(scene), `qemus=$(${QEMUS}); [ -n "$qemus" ] || exit ${NOT_THERE}; ${command}`),
  };
}

function machineNamed(name: string): MachineName {
  const found = MACHINE_NAMES.find((one) => one === name);
  if (found === undefined) throw new RangeError(name);
  return found;
}

export const GUEST_KINDS: readonly FaultKind[] = [
  {
    name: 'kill-guest-qemu',
    about: "ends a guest's QEMU with SIGKILL, on the level below",
    targets: GUESTS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure', 'end'],
    weight: 2,
    ...belowTarget('kill -KILL $qemus'),
    expected: {
      ends: [0, 1],
      says: /^The QEMU that runs l[12] on l[01] /,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'oom-guest-qemu',
    about: "uses up a level's memory until its OOM killer ends the QEMU of the guest",
    targets: GUESTS,
    phases: ['measure'],
    weight: 0.5,
    // The blow is the end of the QEMU: the run may be over by then.
    arrive: (scene) => scene.guest(belowOf(scene)),
    async inject(scene) {
      const command = `for p in $qemus; do echo 1000 >/proc/$p/oom_score_adj; done; (echo -900 >/proc/self/oom_score_adj; ${RUN_SHORT}) >/dev/null 2>&1 </dev/null &`;
      await belowTarget(command).inject(scene);
      await guestEnds(scene);
    },
    expected: {
      ends: [0, 1],
      says: /^The QEMU that runs l[12] on l[01] |^The kernel of l[01] panicked|memory/,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'hang-guest',
    about: "stops a guest's QEMU for good, with all its vCPUs, on the level below",
    targets: GUESTS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure'],
    weight: 0.5,
    ...belowTarget('kill -STOP $qemus'),
    expected: { ends: [0, 1], says: /\bl[12]\b.*(answer|hang|silent|stopped)/i, withinSeconds: 420 },
  },
  {
    name: 'panic',
    about: "makes a machine's kernel panic",
    targets: MACHINES,
    phases: ['measure', 'end'],
    weight: 2,
    // Without sysrq in the kernel, running out of memory is the way: at once, if all of it has to stay free.
    ...endingTarget(
      'echo 2 >/proc/sys/vm/panic_on_oom; grep MemTotal /proc/meminfo | tr -dc 0-9 >/proc/sys/vm/min_free_kbytes; exec tail /dev/zero',
    ),
    expected: {
      ends: [0, 1],
      says: /^The kernel of (client|l[0-3]) panicked: /,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'reset',
    about: 'resets a machine',
    targets: MACHINES,
    phases: ['measure', 'end'],
    weight: 0.5,
    ...endingTarget('busybox reboot -f'),
    expected: {
      ends: [0, 1],
      says: /^The QEMU that runs (client|l[0-3]) on (host|l[0-2]) /,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'step-clock',
    about: "sets a machine's time of day an hour ahead",
    targets: MACHINES,
    phases: ['measure'],
    ...inTarget('date -s @$(($(date +%s) + 3600))'),
    expected: {
      ends: [0, 1],
      says: /clock|time of day/i,
      showsInSamplesOnly: true,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
];

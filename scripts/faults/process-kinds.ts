/** Faults of this host's processes: the run, its worker, its machines' QEMUs and the holder of its lock. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BOTH_TESTBEDS,
  type Expected,
  type FaultKind,
  type Phase,
  PHASES,
  type Target,
  WHOLE_RUN,
} from './fault-kind.ts';
import { isRunning, processStat } from '../../setup/lib/proc.ts';
import { MissedError } from './blow.ts';
import type { Scene } from './scene.ts';

/** A stack that is lost is booted in its place: half a minute on a quiet host, for which this is patient. */
const WITH_A_BOOT_SECONDS = 240;
const STOP_SECONDS = 60;

export const HOST_MACHINES: readonly Target[] = [
  { name: 'l0', level: 0 },
  { name: 'client', level: 0 },
];
/** While its machines run. */
const RUNNING: readonly Phase[] = ['restore', 'measure', 'end'];

function stops(signal: NodeJS.Signals, exitCode: number): Expected {
  return {
    // Until nestbench has its handlers, the signal's own effect is the answer.
    ends: [exitCode, signal],
    says: new RegExp(
      `The run was stopped \\(${signal}\\)|${signal}: ending the machines|by a signal while it`,
    ),
    withinSeconds: STOP_SECONDS,
  };
}

/** Stops a process for a while. */
async function pause(scene: Scene, pid: number, milliseconds: number): Promise<void> {
  scene.onHeal(() => send(pid, 'SIGCONT'));
  await stop(pid);
  await sleep(milliseconds, undefined, { signal: scene.signal });
  await scene.heal();
}

/** Stops a process, and waits until it is. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  for (let state = ''; state !== 'T'; await sleep(10)) {
    const found = processStat(pid);
    if (!isRunning(found)) throw new MissedError('the process has ended');
    ({ state } = found);
  }
}

/** The process may have ended meanwhile. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has.
  }
}

export const PROCESS_KINDS: readonly FaultKind[] = [
  {
    name: 'kill-run',
    about: 'ends the main process with SIGKILL',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    inject: async (scene) => scene.run.kill('SIGKILL'),
    expected: { ends: ['SIGKILL'], says: undefined, withinSeconds: 20 },
  },
  {
    name: 'kill-all',
    about: 'ends the main process and its workers with SIGKILL',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    inject: async (scene) => scene.run.killGroup('SIGKILL'),
    expected: { ends: ['SIGKILL'], says: undefined, withinSeconds: 20 },
  },
  {
    name: 'terminate-run',
    about: 'sends SIGTERM to the main process',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    inject: async (scene) => scene.run.kill('SIGTERM'),
    expected: stops('SIGTERM', 143),
  },
  {
    name: 'interrupt-run',
    about: 'sends SIGINT to the process group, as Ctrl-C does',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    inject: async (scene) => scene.run.killGroup('SIGINT'),
    expected: stops('SIGINT', 130),
  },
  {
    name: 'interrupt-twice',
    about: 'sends SIGINT to the process group twice',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    async inject(scene) {
      scene.run.killGroup('SIGINT');
      await sleep(scene.below(2000));
      send(-scene.run.pid, 'SIGINT');
    },
    expected: stops('SIGINT', 130),
  },
  {
    name: 'hang-up',
    about: 'sends SIGHUP to the process group, as a closed terminal does',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    weight: 0.5,
    inject: async (scene) => scene.run.killGroup('SIGHUP'),
    expected: stops('SIGHUP', 129),
  },
  {
    name: 'pause-run',
    about: 'stops the main process for up to 6 s',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    weight: 0.5,
    inject: (scene) => pause(scene, scene.run.pid, 500 + scene.below(5500)),
    expected: { ends: [0], says: undefined, mayGoUnnoticed: true, withinSeconds: 60 },
  },
  {
    name: 'kill-worker',
    about: 'ends the worker with SIGKILL',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: RUNNING,
    inject: async (scene) => void process.kill(scene.worker, 'SIGKILL'),
    expected: { ends: [1], says: /worker/i, withinSeconds: STOP_SECONDS },
  },
  {
    name: 'pause-worker',
    about: 'stops the worker for up to 10 s',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: RUNNING,
    inject: (scene) => pause(scene, scene.worker, 500 + scene.below(9500)),
    expected: {
      ends: [0, 1],
      says: /nestbench itself|paused|stopped for/i,
      mayGoUnnoticed: true,
      withinSeconds: 90,
    },
  },
  {
    name: 'kill-qemu',
    about: "ends a machine's QEMU on the host with SIGKILL",
    targets: HOST_MACHINES,
    phases: RUNNING,
    weight: 2,
    inject: async (scene) => void process.kill(scene.qemu(scene.planned.target), 'SIGKILL'),
    expected: {
      ends: [0, 1],
      says: /The QEMU that runs (l0|client) on host (was killed by SIGKILL|ended)|machine that was started in advance has ended/,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'terminate-qemu',
    about: "sends SIGTERM to a machine's QEMU on the host",
    targets: HOST_MACHINES,
    phases: RUNNING,
    weight: 0.5,
    inject: async (scene) => void process.kill(scene.qemu(scene.planned.target), 'SIGTERM'),
    expected: {
      ends: [0, 1],
      says: /The QEMU that runs (l0|client) on host|machine that was started in advance has ended/,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'hang-qemu',
    about: "stops a machine's QEMU on the host for good, with all its vCPUs",
    targets: HOST_MACHINES,
    phases: ['measure'],
    weight: 0.5,
    async inject(scene) {
      const pid = scene.qemu(scene.planned.target);
      scene.onHeal(() => send(pid, 'SIGCONT'));
      await stop(pid);
    },
    expected: { ends: [0, 1], says: /(l0|client)\b.*(answer|hang|silent|stopped)/i, withinSeconds: 420 },
  },
  {
    name: 'kill-lock-holder',
    about: "ends the process that holds the testbed's lock with SIGKILL",
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: RUNNING,
    inject: async (scene) => void process.kill(scene.lockHolder, 'SIGKILL'),
    expected: {
      ends: [1],
      says: /The child process that held the lock of this host's testbed/,
      withinSeconds: STOP_SECONDS,
    },
  },
];

/** Faults of two machines of the user's, which need nothing but SSH. */
import type { FaultKind, Phase, Target } from '../fault-kind.ts';
import type { Scene } from '../scene.ts';
import { FILL_BOOT, FORGET_CHOICE, HIDE_KEYS, OTHER_NAME, rename, RESET, type What } from './breaks.ts';
import type { Break } from './broken-machine.ts';
import { type OwnMachine, ownMachine, type OwnMachines } from './own-machines.ts';

/** With two reboots of a server, and the boot of its guest. */
const WITH_REBOOTS_SECONDS = 3600;

const SERVER: readonly Target[] = [{ name: 'l0', level: 0 }];
const BOTH: readonly Target[] = [{ name: 'client', level: 0 }, ...SERVER];

const targetOf = ({ planned: { target } }: Scene): OwnMachine => ownMachine(target);

function machinesOf({ testbed }: Scene): OwnMachines {
  if (testbed.machines === undefined) throw new RangeError(`a ${testbed.name} testbed has none`);
  return testbed.machines;
}

/** So that the blow itself takes no time. */
export async function reachTarget(scene: Scene): Promise<void> {
  await machinesOf(scene).machine(targetOf(scene), scene.signal);
}

type Way = Pick<FaultKind, 'prepare' | 'inject'>;

/** Breaks something of the target, which is put back once the run has ended. */
export async function breakTarget(scene: Scene, what: Omit<Break, 'name'>): Promise<void> {
  const { kind, number } = scene.planned;
  const machines = machinesOf(scene);
  // Also for a campaign that is being stopped.
  scene.onHeal(() => machines.putBack(new AbortController().signal));
  const name = `${kind.name}-${process.pid}-${number}`;
  await machines.break(targetOf(scene), { ...what, name }, scene.signal);
}

/** What is there from the first instruction of the run on is broken before that. */
function breaking(whatIn: (scene: Scene) => What): Way {
  const does = async (scene: Scene, isStart: boolean): Promise<void> => {
    if ((scene.planned.phase === 'start') === isStart) await breakTarget(scene, whatIn(scene));
  };
  return {
    async prepare(scene) {
      await reachTarget(scene);
      await does(scene, true);
    },
    inject: (scene) => does(scene, false),
  };
}

/** A stack that boots in the place of one that was lost says why; every lost connection's advice mentions lost power. */
async function judgeRestart({ run, planned: { target, phase } }: Scene): Promise<string[]> {
  const isReplaced = phase === 'measure' && run.recordsOf('boot').length > 1;
  const isSaid = run.output.includes(`${target} was restarted since it was lost`);
  return isReplaced && !isSaid ? [`Nothing says that ${target} was restarted.`] : [];
}

/** No sample is disturbed, and no connection is made, before the next cell. */
const UNNOTICED: readonly Phase[] = ['measure'];

export const MACHINE_KINDS: readonly FaultKind[] = [
  {
    name: 'power-cut',
    about: 'resets one of your machines without writing its memory to its disk',
    targets: BOTH,
    testbeds: ['physical'],
    phases: ['copy', 'measure'],
    weight: 3,
    prepare: reachTarget,
    inject: (scene) => machinesOf(scene).begin(targetOf(scene), RESET, scene.signal),
    expected: {
      ends: [0, 1],
      says: /\bSSH connection to (client|server|l0) was lost\b/,
      withinSeconds: WITH_REBOOTS_SECONDS,
    },
    judge: judgeRestart,
  },
  {
    name: 'old-kernel',
    about: "makes GRUB forget the cell's kernel, so that the server boots its own",
    targets: SERVER,
    testbeds: ['physical'],
    phases: ['deploy'],
    prepare: reachTarget,
    inject: (scene) => machinesOf(scene).begin('l0', FORGET_CHOICE, scene.signal),
    expected: {
      ends: [1],
      says: /^l0 came back after .*, but did not boot /,
      withinSeconds: WITH_REBOOTS_SECONDS,
    },
  },
  {
    name: 'nic-renamed',
    about: "gives the server's interface another name: before the run, or by its next start",
    targets: SERVER,
    testbeds: ['physical'],
    phases: ['start', 'deploy'],
    ...breaking((scene) =>
      rename(
        machinesOf(scene).described(targetOf(scene)).interface,
        scene.planned.phase === 'start' ? 'now' : 'next start',
      ),
    ),
    expected: {
      ends: [1],
      says: new RegExp(`\\b(server|l0)\\b.*\\b(found no|has no interface) \\S+.*${OTHER_NAME}`),
      withinSeconds: WITH_REBOOTS_SECONDS,
    },
  },
  {
    name: 'boot-full',
    about: "fills the disk with the server's /boot: before the run, or before GRUB is told what to boot",
    targets: SERVER,
    testbeds: ['physical'],
    phases: ['start', 'deploy'],
    ...breaking(() => FILL_BOOT),
    expected: {
      ends: [1],
      says: /\b(server|l0)\b.*\b(room|space)\b/i,
      withinSeconds: WITH_REBOOTS_SECONDS,
    },
  },
  {
    name: 'key-removed',
    about: "hides root's authorized keys, so that nobody gets in any more",
    targets: BOTH,
    testbeds: ['physical'],
    phases: ['start', 'copy', 'measure'],
    ...breaking(() => HIDE_KEYS),
    expected: {
      ends: [0, 1],
      says: /\b(client|server|l0)\b.*accepts none of the keys/,
      mayGoUnnoticedIn: UNNOTICED,
      withinSeconds: WITH_REBOOTS_SECONDS,
    },
  },
];

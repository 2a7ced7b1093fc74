/** Faults of the host as a whole: memory that runs out, and other runs. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultKind, WHOLE_RUN } from './fault-kind.ts';
import { HOST_MACHINES } from './process-kinds.ts';
import { MissedError } from './blow.ts';
import type { Scene } from './scene.ts';

const BOOT_SECONDS = 300;

/** The memory controller of either version of cgroups, and the file of its limit (Documentation/admin-guide/cgroup-v1, -v2). */
const CONTROLLERS = [
  { place: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { place: '/sys/fs/cgroup', limit: 'memory.max' },
] as const;
/** More than a cgroup needs to exist, and less than a machine touches within moments. */
const LIMIT_BYTES = 2 ** 20;

async function starve(scene: Scene): Promise<void> {
  const pid = scene.qemu(scene.planned.target);
  const controller = CONTROLLERS.find(({ place }) => existsSync(path.join(place, 'cgroup.procs')));
  if (controller === undefined) throw new MissedError('there is no memory controller');
  const group = path.join(controller.place, `nestbench-faults-${process.pid}`);
  mkdirSync(group);
  scene.defer(async () => {
    // It can be removed once its last process is gone.
    for (let tries = 0; existsSync(group) && tries < 50; tries++) {
      try {
        rmdirSync(group);
      } catch {
        await sleep(100);
      }
    }
  });
  writeFileSync(path.join(group, 'cgroup.procs'), String(pid));
  writeFileSync(path.join(group, controller.limit), String(LIMIT_BYTES));
  // It dies when it needs more memory, which may be a sample later.
  await scene.ends(pid);
}

/** How many of the scene's runs ended with 0, and how many should have. */
async function judgeEnds({ run, others }: Scene, wanted: number): Promise<string[]> {
  const ends = await Promise.all([run, ...others].map((one) => one.end()));
  const good = ends.filter(({ exitCode }) => exitCode === 0).length;
  return good === wanted ? [] : [`${good} of ${ends.length} runs ended with 0, and not ${wanted}.`];
}

export const HOST_KINDS: readonly FaultKind[] = [
  {
    name: 'oom-qemu',
    about: "limits the memory of a machine's QEMU until the kernel's OOM killer ends it",
    targets: HOST_MACHINES,
    phases: ['restore', 'measure'],
    needsRoot: true,
    inject: starve,
    expected: {
      ends: [0, 1],
      says: /The QEMU that runs (l0|client) on host (was killed by SIGKILL|ended)|machine that was started in advance has ended/,
      withinSeconds: BOOT_SECONDS,
    },
  },
  {
    name: 'two-runs',
    about: 'starts the same command a second time, within moments',
    targets: WHOLE_RUN,
    phases: ['start'],
    async inject(scene) {
      scene.start();
    },
    judge: (scene) => judgeEnds(scene, 2),
    expected: { ends: [0], says: undefined, mayGoUnnoticed: true, withinSeconds: BOOT_SECONDS },
  },
  {
    name: 'two-profiles',
    about: 'starts the same experiment with another profile, within moments',
    targets: WHOLE_RUN,
    phases: ['start'],
    weight: 0.5,
    async inject(scene) {
      scene.start(['hackbench'], { PROFILE: 'quick' });
    },
    judge: (scene) => judgeEnds(scene, 1),
    expected: { ends: [0, 1], says: /PROFILE|profile/, mayGoUnnoticed: true, withinSeconds: BOOT_SECONDS },
  },
];

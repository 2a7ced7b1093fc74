/** Faults of the ways between machines: SSH, the bridge, the wire, and the sockets of the running testbed. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { MachineName } from '../../fixtures/addresses.ts';
import { BOTH_TESTBEDS, type FaultKind, type Target, type Way, WHOLE_RUN } from './fault-kind.ts';
import { beginning, MissedError } from './blow.ts';
import { breakTarget, reachTarget } from './physical/machine-kinds.ts';
import type { Scene } from './scene.ts';

const WITH_A_BOOT_SECONDS = 300;

/** Longer than nestbench waits for answers. */
const FROZEN_SECONDS = 150;

const SSH_SERVERS: readonly Target[] = [
  { name: 'client', level: 0 },
  { name: 'l0', level: 0 },
  // On two machines of one's own, only the run itself has the keys of its levels.
  { name: 'l1', level: 1, testbeds: ['emulated'] },
];

const serverOf = ({ planned: { target } }: Scene): MachineName =>
  target === 'client' || target === 'l1' ? target : 'l0';

/** By a command on the machine that its own connection does not survive. */
function onServer(command: string): Way {
  return {
    arrive: (scene) => scene.guest(serverOf(scene)),
    inject: (scene) => scene.beginInGuest(serverOf(scene), command),
  };
}

const isOwn = ({ testbed }: Scene): boolean => testbed.name === 'physical';

/** The same, or on one of the user's machines what is put back there. */
function onAnyServer(command: string, own: { readonly command: string; readonly undo: string }): Way {
  const { arrive, inject } = onServer(command);
  const what = { ...own, command: beginning(own.command), aloneSeconds: FROZEN_SECONDS };
  return {
    arrive: async (scene) => (isOwn(scene) ? reachTarget(scene) : arrive?.(scene)),
    inject: (scene) => (isOwn(scene) ? breakTarget(scene, what) : inject(scene)),
  };
}

export const CONNECTION_KINDS: readonly FaultKind[] = [
  {
    name: 'cut-ssh',
    about: 'ends all SSH connections of a machine, and its sshd unless the machine is your own',
    targets: SSH_SERVERS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure', 'end'],
    // Sessions of OpenSSH have these titles, with another name from 9.8 on. What listens stays: nothing may start it again.
    ...onAnyServer('pkill -KILL dropbear', {
      command: 'sleep 0.1; pkill -KILL -f "^sshd(-session)?: [^/]"',
      undo: 'true',
    }),
    expected: {
      ends: [0, 1],
      says: /(SSH connection to|sshd on) (client|l[0-3])\b/,
      withinSeconds: WITH_A_BOOT_SECONDS,
    },
  },
  {
    name: 'freeze-ssh',
    about: 'stops the sshd of a machine with all its sessions: connections stay open, and nothing answers',
    targets: SSH_SERVERS,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure'],
    weight: 0.5,
    ...onAnyServer('pkill -STOP dropbear', {
      command: 'sleep 0.1; pkill -STOP sshd',
      undo: 'pkill -CONT sshd',
    }),
    expected: {
      ends: [0, 1],
      says: /\b(client|l[0-3])\b.*(answer|silent)/i,
      mayGoUnnoticedBetween: true,
      withinSeconds: 420,
    },
  },
  {
    name: 'cut-bridge',
    about: "takes down L0's bridge, so that its guests' packets are lost",
    targets: [{ name: 'l0', level: 1 }],
    phases: ['measure'],
    weight: 0.5,
    ...onServer('ip link set br0 down'),
    expected: { ends: [0, 1], says: /\b(client|l[0-3])\b/, withinSeconds: 420 },
  },
  {
    name: 'remove-wire',
    about: 'removes the sockets of the wire between client and server',
    targets: WHOLE_RUN,
    phases: ['restore', 'measure'],
    weight: 0.5,
    async inject(scene) {
      const sockets = listOf(scene.runtime).filter((name) => name.startsWith('wire.'));
      if (sockets.length === 0) throw new MissedError('the wire was not there');
      for (const name of sockets) rmSync(path.join(scene.runtime, name), { force: true });
    },
    expected: { ends: [0, 1], says: /\bwire\b/, withinSeconds: WITH_A_BOOT_SECONDS },
  },
  {
    name: 'remove-runtime',
    about: "removes the runtime directory with all sockets of the run's machines",
    targets: WHOLE_RUN,
    phases: ['restore', 'measure'],
    weight: 0.5,
    async inject(scene) {
      if (listOf(scene.runtime).length === 0) throw new MissedError('the runtime directory was not there');
      rmSync(scene.runtime, { recursive: true, force: true });
    },
    expected: { ends: [0, 1], says: /runtime directory|\bwire\b/, withinSeconds: WITH_A_BOOT_SECONDS },
  },
];

function listOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

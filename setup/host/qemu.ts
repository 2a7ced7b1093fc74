/** The QEMU of this host, which plays the server and the client. */
import type { NetworkCard } from '../../fixtures/configurations/configuration.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { hostMachine } from '../machine/host.ts';
import { measureFile } from './measure-file.ts';

export interface HostQemu {
  /** As it says itself: `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`. */
  readonly version: string;
  /** Its program's path, its version and its program's SHA-256: what a snapshot of its machines depends on. */
  readonly identity: string;
  /** The card that plays the one whose function is assigned away. */
  readonly card: NetworkCard;
}

/** It answers in hundredths of a second; a QEMU on a cold disk takes longer. */
const ANSWER_SECONDS = 30;

/** As it is found on the PATH. */
export const HOST_QEMU = 'qemu-system-x86_64';

/** Asks it; to be called once its package is there. A version that it does not tell is `unknown`. */
export async function describeQemu(signal: AbortSignal, qemu: string = HOST_QEMU): Promise<HostQemu> {
  const options = { signal, deadlineSeconds: ANSWER_SECONDS };
  const program = findProgram(qemu);
  const [{ stdout }, { stdout: help }, hash] = await Promise.all([
    hostMachine().run([qemu, '--version'], options),
    // From QEMU 8 on it has a card with SR-IOV (docs/system/devices/igb.rst). Without it, it ends with 0 all the same.
    hostMachine().run([qemu, '-device', 'igb,help'], options),
    existsSync(program) ? measureFile(program).then(({ sha256 }) => sha256) : 'unknown',
  ]);
  const version = /version (.+)/.exec(stdout)?.[1] ?? 'unknown';
  return {
    version,
    identity: `${program} ${version} ${hash}`,
    card: help.startsWith('igb options') ? 'igb' : 'virtio-net-pci',
  };
}

/** Where the PATH has it. */
function findProgram(name: string): string {
  if (name.includes('/')) return path.resolve(name);
  const places = (process.env['PATH'] ?? '').split(path.delimiter).map((place) => path.join(place, name));
  return places.find((place) => existsSync(place)) ?? name;
}

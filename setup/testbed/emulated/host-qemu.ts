/** A QEMU of this host that a variant names for the server and the client, instead of the emulator. */
import type { NetworkCard } from '../../../fixtures/configurations/configuration.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { hostMachine } from '../../machine/host.ts';
import { sha256OfFile } from '../../lib/sha256-of-file.ts';

export interface HostQemu {
  /** As it prints itself: `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`. */
  readonly version: string;
  /** Its program's path, version and SHA-256, which a snapshot of its machines depends on. */
  readonly identity: string;
  /** The card whose function is assigned: an igb if its virtual functions can be saved. */
  readonly card: NetworkCard;
}

/** It answers in hundredths of a second; a QEMU on a cold disk takes longer. */
const ANSWER_SECONDS = 30;

/**
 * Prints the devices whose state the QEMU $0 saves, as JSON. It opens the file by name, which works for a pipe, but not
 * for the socket that Node provides as standard output.
 */
const SAVED_DEVICES = '"$0" -M none -display none -dump-vmstate /dev/stdout | cat';

/** Queries it. A version that it does not report is `unknown`. */
export async function describeQemu(signal: AbortSignal, qemu: string): Promise<HostQemu> {
  const options = { signal, deadlineSeconds: ANSWER_SECONDS };
  const program = findProgram(qemu);
  const [{ stdout }, { stdout: devices }, hash] = await Promise.all([
    hostMachine().run([qemu, '--version'], options),
    hostMachine().run(['sh', '-c', SAVED_DEVICES, qemu], options),
    existsSync(program) ? sha256OfFile(program) : 'unknown',
  ]);
  const version = /version (.+)/.exec(stdout)?.[1] ?? 'unknown';
  return {
    version,
    identity: `${program} ${version} ${hash}`,
    // QEMU has igb from 8 on, and 10.0 does not save its virtual functions yet (build/emulator/3-migrate-igbvf.patch).
    card: devices.includes('"igbvf": {') ? 'igb' : 'virtio-net-pci',
  };
}

/** Its path from PATH. */
function findProgram(name: string): string {
  if (name.includes('/')) return path.resolve(name);
  const places = (process.env['PATH'] ?? '').split(path.delimiter).map((place) => path.join(place, name));
  return places.find((place) => existsSync(place)) ?? name;
}

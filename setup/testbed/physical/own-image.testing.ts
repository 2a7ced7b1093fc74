/** A disk image as a user has one: a Debian with systemd and sshd on a partition, which knows nothing of nestbench. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached } from '../../build/cache/build-cache.ts';
import { runTool } from '../../build/tool.ts';
import { generateKeyPair } from '../../machine/ssh/ssh.ts';

const PACKAGES = 'systemd-sysv,udev,openssh-server';

/** $1: the directory to work in, with the public key of root. $2: packages. */
const MAKE_IMAGE = String.raw`
set -eu
cd "$1"
mmdebstrap --mode=root --variant=essential --include="$2" --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  bookworm root http://deb.debian.org/debian
echo '/dev/vda1 / ext4 defaults 0 1' >root/etc/fstab
install -D -m 600 key.pub root/root/.ssh/authorized_keys
size=$(($(du --summarize --block-size=1M root | cut -f 1) * 5 / 4 + 64))
truncate --size="$((size + 1))M" disk.raw
echo 'start=2048, type=83' | sfdisk --quiet --label dos disk.raw
mkfs.ext4 -q -F -d root -E offset=1048576 disk.raw "$size"M
`;

/**
 * @returns the image, and the private key of its root.
 */
export async function userImage(
  signal: AbortSignal,
): Promise<{ readonly file: string; readonly key: string }> {
  const { directory } = await cached({
    name: 'user-image',
    inputs: { recipe: 1, packages: PACKAGES, script: MAKE_IMAGE },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const { privateKey, publicKey } = generateKeyPair();
      writeFileSync(path.join(place, 'key'), privateKey, { mode: 0o600 });
      writeFileSync(path.join(place, 'key.pub'), `${publicKey}\n`);
      await runTool(['sh', '-c', MAKE_IMAGE, 'sh', place, PACKAGES], {
        purpose: 'making a disk image',
        log,
        signal: within,
      });
      rmSync(path.join(place, 'root'), { recursive: true, force: true });
      return {};
    },
  });
  return { file: path.join(directory, 'disk.raw'), key: path.join(directory, 'key') };
}

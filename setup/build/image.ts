/**
 * The one image of every machine: the root file system with our init scripts and the kernel, as a compressed
 * read-only file system. L0 hands it on to L1 as a block device, and so on down.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tell } from '../progress.ts';
import { cached, type Workplace } from './cache.ts';
import { sha256 } from './hash.ts';
import type { Kernel } from './kernel.ts';
import { asOwner, isRoot } from './namespace.ts';
import { buildRoot, type Root } from './root.ts';
import { runTool } from './tool.ts';

export interface Image {
  readonly file: string;
  readonly hash: string;
  /** Versions of what is measured, and of what it is measured with. */
  readonly packages: Readonly<Record<'qemu-system-x86' | 'rt-tests' | 'netperf' | 'openssh-server', string>>;
}

/** To be raised whenever the steps below change what they make. */
const RECIPE = 2;

const GUEST = path.join(import.meta.dirname, 'guest');
/** Where a file of the guest goes: `sshd.conf` is the SSH server's, every other is a program `nestbench-NAME`. */
function destination(name: string): { to: string; mode: string } {
  return name === 'sshd.conf'
    ? { to: 'etc/ssh/nestbench.conf', mode: '644' }
    : { to: `usr/sbin/nestbench-${name}`, mode: '755' };
}

/** In the root file system, but of no use to a guest; a pattern's `*` crosses directories. */
const LEFT_OUT = [
  // Every image would share these keys: each run brings its own.
  './etc/ssh/ssh_host_*',
  // The kernel's devtmpfs is mounted there, and an ordinary user can't make device nodes.
  './dev/*',
  './boot/*',
  './run/*',
  './tmp/*',
  './var/cache/*',
  './var/log/*',
  './var/lib/apt/*',
  './var/lib/dpkg/info/*',
  // rt-tests depends on Python for tools of its own that we do not use.
  './usr/lib/python3*',
  './usr/bin/python3*',
  './usr/share/python3*',
  // The init is ours.
  './usr/lib/systemd/*',
  './usr/lib/x86_64-linux-gnu/systemd/*',
  './usr/lib/x86_64-linux-gnu/gconv/*',
  './usr/share/zoneinfo/*',
  './usr/share/icons/*',
  './usr/share/alsa/*',
  // Firmware of other machines, and the emulator of 32-bit ones.
  './usr/bin/qemu-system-i386',
  './usr/share/qemu/skiboot.lid',
  './usr/share/qemu/openbios-*',
  './usr/share/qemu/slof.bin',
  './usr/share/qemu/u-boot*',
  './usr/share/qemu/opensbi*',
  './usr/share/qemu/hppa-*',
  './usr/share/qemu/s390*',
  './usr/share/qemu/keymaps/*',
];

/** Mount points that the init scripts use on the read-only file system. */
const MOUNT_POINTS = ['overlay', 'seed'];

/** The image from the cache, or made now. */
export async function buildImage(kernel: Kernel, signal: AbortSignal): Promise<Image> {
  const root = await buildRoot(signal);
  const guest = Object.fromEntries(
    readdirSync(GUEST).map((name) => [name, sha256(readFileSync(path.join(GUEST, name)))]),
  );
  const inputs = { recipe: RECIPE, root: root.hash, kernel: kernel.hash, guest, leftOut: LEFT_OUT };
  const { directory, hash } = await cached({
    name: 'image',
    inputs,
    signal,
    build: (workplace) => pack(root, kernel, workplace),
  });
  const version = (name: string): string => root.packages[name] ?? '';
  return {
    file: path.join(directory, 'image.erofs'),
    hash,
    packages: {
      'qemu-system-x86': version('qemu-system-x86'),
      'rt-tests': version('rt-tests'),
      netperf: version('netperf'),
      'openssh-server': version('openssh-server'),
    },
  };
}

async function pack(
  root: Root,
  kernel: Kernel,
  { directory, log, signal }: Workplace,
): Promise<Record<string, string>> {
  tell({ task: 'image', text: 'packing the image', state: 'running', fraction: 0.98 });
  const leftOut = path.join(directory, 'left-out');
  const script = path.join(directory, 'pack.sh');
  await writeFile(leftOut, LEFT_OUT.join('\n'));
  await writeFile(script, packScript(root, kernel, leftOut));
  await runTool(asOwner(['sh', '-eu', script]), {
    purpose: 'packing the image',
    log,
    signal,
    cwd: directory,
  });
  tell({ task: 'image', text: 'the image is made', state: 'done', fraction: 1 });
  return { kernel: kernel.release };
}

/** Unpacks the root below the current directory, adds what is ours, packs it and leaves only the image. */
function packScript(root: Root, kernel: Kernel, leftOut: string): string {
  const guest = readdirSync(GUEST).map((name) => {
    const { to, mode } = destination(name);
    return `install -D -m ${mode} ${quoted(path.join(GUEST, name))} root/${to}`;
  });
  return [
    'umask 022',
    'mkdir root',
    // In a user namespace files belong to ids that the user outside can't delete: in memory, they go with it.
    isRoot() ? ':' : 'mount -t tmpfs -o mode=755 tmpfs root',
    `tar --extract --file=${quoted(root.tar)} --directory=root --numeric-owner --same-owner --preserve-permissions --anchored --wildcards --wildcards-match-slash --exclude-from=${quoted(leftOut)}`,
    `mkdir -p ${MOUNT_POINTS.map((point) => `root/${point}`).join(' ')}`,
    ...guest,
    `install -D -m 644 ${quoted(kernel.vmlinux)} root/boot/vmlinux`,
    // Every command over SSH starts root's shell: the small one, which reads no startup files.
    "sed -i 's|^root:.*|root:x:0:0:root:/root:/bin/sh|' root/etc/passwd",
    // Clusters of 64 KiB: QEMU starts in 1.1 s in a fresh L1 instead of 1.4 (measured). Without --quiet mkfs.erofs 1.5
    // prints a line a file.
    'mkfs.erofs -zlz4 -C65536 --quiet image.erofs root',
    isRoot() ? 'rm -rf root' : 'umount root; rmdir root',
    'rm left-out pack.sh',
    '',
  ].join('\n');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

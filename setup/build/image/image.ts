/**
 * The image of every machine: the root file system with nestbench's init scripts and the kernel, as a read-only file
 * system. L0 passes it to L1 as a block device, and so on.
 */
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BENCHMARK_PACKAGES } from '../../../fixtures/benchmarks/index.ts';
import type { ImageFormat } from '../../../fixtures/image-formats.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { isCached, type Recipe, type Workplace } from '../cache/build-cache.ts';
import { filesIn, sha256 } from '../../lib/hash.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { runInside } from '../toolchain/inside.ts';
import { buildRoot, type Root, wholeRoot } from './guest-root.ts';
import {
  buildToolchain,
  cachedInside,
  DEFAULT_SUITE,
  nameOf,
  type Toolchain,
  versionsIn,
} from '../toolchain/toolchain.ts';

export interface Image {
  readonly file: string;
  readonly hash: string;
  /** Versions of what is measured, and of what measures it. */
  readonly packages: Readonly<Record<string, string>>;
  /** What packed it, as in an experiment's record. */
  readonly toolchain: string;
}

/** Packages whose versions an experiment records. */
export const RECORDED_PACKAGES: readonly string[] = [
  'qemu-system-x86',
  ...BENCHMARK_PACKAGES,
  'dropbear-bin',
];

const GUEST = path.join(import.meta.dirname, 'guest');
const MICRO = path.join(import.meta.dirname, 'micro');
const SCRIPT = path.join(import.meta.dirname, 'pack-image.sh');

/** What compiles and packs it. */
const TOOLS = /^(gcc-\d+|binutils|libc6-dev|linux-libc-dev|erofs-utils|e2fsprogs)$/;

/** In the root file system, but useless for a guest. A pattern's `*` crosses directories. */
const LEFT_OUT = [
  // The kernel's devtmpfs is mounted there, and an ordinary user can't create device nodes.
  './dev/*',
  './boot/*',
  // mmdebstrap copies the building host's.
  './etc/hostname',
  './etc/resolv.conf',
  './run/*',
  './tmp/*',
  './var/cache/*',
  './var/log/*',
  './var/lib/apt/*',
  './var/lib/dpkg/info/*',
  // rt-tests depends on Python for tools that nestbench does not use.
  './usr/lib/python3*',
  './usr/bin/python3*',
  './usr/share/python3*',
  // apache2-bin and libmemcached-tools depend on Perl for scripts that nestbench does not use.
  './usr/share/perl/*',
  './usr/lib/x86_64-linux-gnu/perl/*',
  './usr/lib/x86_64-linux-gnu/libperl.so*',
  // MariaDB's tools, and the files that they create a data directory from: the server is in /usr/sbin, its client is
  // sysbench.
  './usr/bin/aria_*',
  './usr/bin/innochecksum',
  './usr/bin/mariadb*',
  './usr/bin/my_print_defaults',
  './usr/bin/resolveip',
  './usr/share/mariadb/*.sql',
  // nestbench has its own init.
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

/** The image from the cache, or made now. */
export async function buildImage(kernel: Kernel, format: ImageFormat, signal: AbortSignal): Promise<Image> {
  const recipeWith =
    (root: Root) =>
    (toolchain: Toolchain): Recipe => ({
      name: 'image',
      inputs: {
        root: root.hash,
        packages: root.packages,
        toolchain: toolchain.hash,
        tools: versionsIn(toolchain, TOOLS),
        kernel: kernel.hash,
        guest: filesIn(GUEST, sha256),
        micro: filesIn(MICRO, sha256),
        leftOut: LEFT_OUT,
        script: sha256(readFileSync(SCRIPT)),
        format,
      },
      signal,
      async build(workplace) {
        await packImage(toolchain, root.tar, kernel.vmlinux, format, workplace);
        return { kernel: kernel.release };
      },
    });
  const known = await buildRoot(signal);
  const isThere = isCached(recipeWith(known)(await buildToolchain(signal)));
  // With the tar its versions may change, and so the image's name.
  const root = isThere ? known : await wholeRoot(signal);
  const { directory, hash, toolchain } = await cachedInside(DEFAULT_SUITE, signal, recipeWith(root));
  const versions = RECORDED_PACKAGES.map((name) => [name, root.packages[name] ?? '']);
  return {
    file: path.join(directory, `image.${format}`),
    hash,
    packages: Object.fromEntries(versions),
    toolchain: nameOf(toolchain),
  };
}

/** Packs the root file system's tar, the guest's scripts and the kernel into `image.FORMAT` in the workplace. */
export async function packImage(
  toolchain: Pick<Toolchain, 'root'>,
  tar: string,
  vmlinux: string,
  format: ImageFormat,
  workplace: Workplace,
): Promise<void> {
  const { directory, log, signal } = workplace;
  reportProgress({ task: 'image', text: 'packing the image', state: 'running', fraction: 0.98 });
  const leftOut = path.join(directory, 'left-out');
  await writeFile(leftOut, LEFT_OUT.join('\n'));
  // Owners can be set without being root of the host: fakeroot(1) remembers them.
  await runInside(toolchain, ['fakeroot', 'sh', '-eu', '/pack-image.sh', format], {
    purpose: 'packing the image',
    log,
    signal,
    // It also tries to set them, and reports an error because a user namespace of one user has no other
    // (libfakeroot.c).
    env: { FAKEROOTDONTTRYCHOWN: '1' },
    binds: {
      '/build': directory,
      '/pack-image.sh': SCRIPT,
      '/root.tar': tar,
      '/guest': GUEST,
      '/micro': MICRO,
      '/vmlinux': vmlinux,
    },
    cwd: '/build',
  });
  await rm(leftOut);
  reportProgress({ task: 'image', text: 'image built', state: 'done', fraction: 1 });
}

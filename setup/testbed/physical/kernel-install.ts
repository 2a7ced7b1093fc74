/** Installs a built kernel on a physical machine, next to the existing ones, for its boot loader to find. */
import { statSync } from 'node:fs';
import { DiskFullError, UnsuitableError } from '../../lib/errors.ts';
import type { KernelPackage } from '../../build/kernel/kernel-package.ts';
import { inBytes } from '../../lib/bytes.ts';
import { sha256OfFile } from '../../lib/sha256-of-file.ts';
import { OUR_KERNELS } from './grub-entry.ts';
import { listOwn, ownFolder, readOwn, removeOwn, writeArgv, writeOwn } from './own-folder.ts';
import { feedFile } from '../../machine/ssh/openssh.ts';
import type { OpensshTarget } from '../../machine/ssh/openssh-command.ts';
import type { Machine } from '../../machine/machine.ts';

export interface KernelInstallOptions {
  readonly target: OpensshTarget;
  /** Where nestbench keeps its files on the machine. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onStep?: (text: string) => void;
}

const COMMAND_SECONDS = 60;
/** An initramfs with all modules of a distribution's kernel, on a slow machine. */
const INITRAMFS_SECONDS = 900;
/** As long as a copy of them may take (setup/machine/ssh/openssh.ts). */
const UNPACK_SECONDS = 3600;
/** Modules are kept uncompressed: several times their size in the archive. And an initramfs as large as the largest. */
const UNPACKED_TIMES = 4;
const INITRAMFS_BYTES = 200e6;

const RELEASE = /^\d[\w.+-]*$/;

/** Modules on their way to the machine. */
const MODULES = 'modules.tar.gz';

/**
 * Installs it, unless this build is already there. An unfinished installation is removed.
 * @returns whether it had to be installed.
 * @throws NESTBENCH_NO_SPACE before anything is copied if there is too little space, or when it runs out.
 */
export async function installKernel(
  machine: Machine,
  kernel: KernelPackage,
  options: KernelInstallOptions,
): Promise<boolean> {
  const { signal, directory, onStep } = options;
  const { release } = kernel;
  if (!RELEASE.test(release)) throw new RangeError(`${release} is no kernel release`);
  const target = { ...options.target, name: machine.name };
  const fingerprint = {
    image: await sha256OfFile(kernel.image),
    modules: await sha256OfFile(kernel.modules),
  };
  const record = recordOf(release);
  const isOurs = (await listOwn(machine, directory, signal)).includes(record);
  if (isOurs) {
    const there = await readOwn(machine, directory, record, signal);
    // Without spaces and in this order, as it was written.
    if (there === JSON.stringify(fingerprint)) return false;
  } else await assertNotForeign(machine, release, `${ownFolder(directory)}/${record}`, signal);
  await assertRoom(machine, kernel, signal);
  const check = (argv: readonly string[], deadlineSeconds = COMMAND_SECONDS): Promise<string> =>
    machine.check(argv, { signal, deadlineSeconds });
  // Before the first file, so that a killed run leaves nothing unknown.
  await writeOwn(machine, directory, record, JSON.stringify({ image: '', modules: '' }), signal);
  try {
    await check(['mkdir', '-p', OUR_KERNELS]);
    onStep?.(`copying the kernel ${release} to ${machine.name}`);
    await feedFile(
      target,
      kernel.image,
      ['sh', '-c', 'cat >"$1"', 'sh', `${OUR_KERNELS}/vmlinuz-${release}`],
      signal,
    );
    await feedFile(target, kernel.config, ['sh', '-c', 'cat >"$1"', 'sh', `/boot/config-${release}`], signal);
    // /lib is a link to /usr/lib, except on an Ubuntu as old as CloudLab's.
    const unpack =
      'tar --extract --auto-compress --no-same-owner --directory="$(readlink -f /lib)/.." lib/modules';
    await feedFile(target, kernel.modules, writeArgv(directory, MODULES), signal);
    await check(
      ['sh', '-c', `${unpack} --file="$1"`, 'sh', `${ownFolder(directory)}/${MODULES}`],
      UNPACK_SECONDS,
    );
    await removeOwn(machine, directory, [MODULES], signal);
    await check(['depmod', release]);
    onStep?.(`making the initramfs of ${release} on ${machine.name}`);
    await check(['update-initramfs', '-c', '-k', release, '-b', OUR_KERNELS], INITRAMFS_SECONDS);
    await writeOwn(machine, directory, record, JSON.stringify(fingerprint), signal);
    return true;
  } catch (error) {
    // Not with the signal, which may be why it was not finished.
    await removeKernel(machine, release, directory, AbortSignal.timeout(COMMAND_SECONDS * 1000)).catch(
      () => undefined,
    );
    throw error;
  }
}

function recordOf(release: string): string {
  return `kernels/${release}.json`;
}

/** Never overwrites a kernel of that name that nestbench did not install. */
async function assertNotForeign(
  machine: Machine,
  release: string,
  record: string,
  signal: AbortSignal,
): Promise<void> {
  const files = [`/lib/modules/${release}`, `/boot/config-${release}`, `${OUR_KERNELS}/vmlinuz-${release}`];
  const look = 'for each; do if [ -e "$each" ] || [ -L "$each" ]; then echo "$each"; fi; done';
  const there = await machine.check(['sh', '-c', look, 'sh', ...files], {
    signal,
    deadlineSeconds: COMMAND_SECONDS,
  });
  if (there === '') return;
  throw new UnsuitableError({
    message: `${machine.name} has a kernel ${release} already that nestbench did not put there (${record} is missing). Give yours another localVersion, or remove the one that is there.`,
    machine: machine.name,
  });
}

async function assertRoom(machine: Machine, kernel: KernelPackage, signal: AbortSignal): Promise<void> {
  const needs = [
    ['/boot', statSync(kernel.image).size + INITRAMFS_BYTES],
    ['/lib', statSync(kernel.modules).size * UNPACKED_TIMES],
  ] as const;
  for (const [place, bytes] of needs) {
    const text = await machine.check(['df', '--output=avail', '--block-size=1', place], {
      signal,
      deadlineSeconds: COMMAND_SECONDS,
    });
    const free = Number(text.trim().split('\n').at(-1));
    if (free >= bytes) continue;
    throw new DiskFullError({
      message: `${machine.name} has ${inBytes(free)} left in ${place}, and the kernel ${kernel.release} needs ${inBytes(bytes)} there. Make room, or remove kernels that nobody boots ("npm run restore" removes nestbench's).`,
      machine: machine.name,
    });
  }
}

/** Removes a kernel that nestbench installed, complete or not. Other kernels are kept. */
export async function removeKernel(
  machine: Machine,
  release: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  if (!RELEASE.test(release)) throw new RangeError(`${release} is no kernel release`);
  if (!(await installedKernels(machine, directory, signal)).includes(release)) return;
  const options = { signal, deadlineSeconds: INITRAMFS_SECONDS };
  await machine.run(['update-initramfs', '-d', '-k', release, '-b', OUR_KERNELS], options);
  const remove =
    'rm -rf --one-file-system "/lib/modules/$1" && rm -f "$2/vmlinuz-$1" "$2/initrd.img-$1" "/boot/config-$1" && { rmdir "$2" 2>/dev/null || true; }';
  await machine.check(['sh', '-c', remove, 'sh', release, OUR_KERNELS], options);
  // Last: without its record nobody knows what is left of it.
  await removeOwn(machine, directory, [MODULES, recordOf(release)], signal);
}

/** The releases of nestbench's kernels there. */
export async function installedKernels(
  machine: Machine,
  directory: string,
  signal: AbortSignal,
): Promise<string[]> {
  return (await listOwn(machine, directory, signal))
    .map((name) => /^kernels\/(.+)\.json$/.exec(name)?.[1])
    .filter((release) => release !== undefined);
}

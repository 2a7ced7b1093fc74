/** Puts a kernel that was built on a physical machine, beside those that are there, for its boot loader to find. */
import { statSync } from 'node:fs';
import { z } from 'zod';
import { NestbenchError } from '../../errors.ts';
import type { KernelPackage } from '../../build/kernel-package.ts';
import { inBytes } from '../../host/bytes.ts';
import { measureFile } from '../../host/measure-file.ts';
import { OUR_KERNELS } from './grub.ts';
import { feedFile, type OpensshTarget } from '../../machine/openssh.ts';
import type { Machine } from '../../machine/machine.ts';

export interface KernelInstallOptions {
  readonly target: OpensshTarget;
  /** Where nestbench keeps what it needs on the machine. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onStep?: (text: string) => void;
}

const COMMAND_SECONDS = 60;
/** An initramfs with all modules of a distribution's kernel, on a slow machine. */
const INITRAMFS_SECONDS = 900;
/** Modules are kept uncompressed: what they were in a tar, several times over. And an initramfs as large as the largest. */
const UNPACKED_TIMES = 4;
const INITRAMFS_BYTES = 200e6;

const RELEASE = /^\d[\w.+-]*$/;

/** What of ours a machine has: kept there, so that it can be taken away again. */
const installedRecord = z.object({ image: z.string(), modules: z.string() });

/**
 * Installs it, where just it is not there yet. What could not be finished is taken away again.
 * @returns whether it had to be installed.
 * @throws NESTBENCH_NO_SPACE before anything is copied where there is too little room, or as it runs out.
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
    image: (await measureFile(kernel.image)).sha256,
    modules: (await measureFile(kernel.modules)).sha256,
  };
  const record = recordFile(directory, release);
  const there = await machine.run(['cat', record], { signal, deadlineSeconds: COMMAND_SECONDS });
  if (there.exitCode === 0) {
    const parsed = installedRecord.safeParse(JSON.parse(there.stdout));
    if (
      parsed.success &&
      parsed.data.image === fingerprint.image &&
      parsed.data.modules === fingerprint.modules
    ) {
      return false;
    }
  }
  if (there.exitCode !== 0) await assertNotForeign(machine, release, record, signal);
  await assertRoom(machine, kernel, signal);
  const check = (argv: readonly string[], input = '', deadlineSeconds = COMMAND_SECONDS): Promise<string> =>
    machine.check(argv, { signal, deadlineSeconds, input });
  // Before the first file, so that a run that is killed leaves nothing of which nobody knows.
  await check(
    ['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat >"$1"', 'sh', record],
    JSON.stringify({ image: '', modules: '' }),
  );
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
    // /lib is a link to /usr/lib, but for an Ubuntu as old as CloudLab's.
    const unpack =
      'tar --extract --auto-compress --no-same-owner --directory="$(readlink -f /lib)/.." lib/modules';
    await feedFile(
      target,
      kernel.modules,
      ['sh', '-c', `cat >"$1" && ${unpack} --file="$1" && rm "$1"`, 'sh', `${directory}/modules.tar.gz`],
      signal,
    );
    await check(['depmod', release]);
    onStep?.(`making the initramfs of ${release} on ${machine.name}`);
    await check(['update-initramfs', '-c', '-k', release, '-b', OUR_KERNELS], '', INITRAMFS_SECONDS);
    await check(['sh', '-c', 'cat >"$1" && sync', 'sh', record], JSON.stringify(fingerprint));
    return true;
  } catch (error) {
    // Not by the signal, which may be why it was not finished.
    await removeKernel(machine, release, directory, AbortSignal.timeout(COMMAND_SECONDS * 1000)).catch(
      () => undefined,
    );
    throw error;
  }
}

function recordFile(directory: string, release: string): string {
  return `${directory}/kernels/${release}.json`;
}

/** A kernel of that name which is not ours is not ours to write over. */
async function assertNotForeign(
  machine: Machine,
  release: string,
  record: string,
  signal: AbortSignal,
): Promise<void> {
  // Both would be made of the same modules.
  const modules = `/lib/modules/${release}`;
  const { exitCode } = await machine.run(['test', '-e', modules], {
    signal,
    deadlineSeconds: COMMAND_SECONDS,
  });
  if (exitCode !== 0) return;
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'configuration',
    `${machine.name} has a kernel ${release} already that nestbench did not put there (${record} is missing). Give yours another localVersion, or remove that one.`,
    { machine: machine.name },
  );
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
    throw new NestbenchError(
      'NESTBENCH_NO_SPACE',
      'infrastructure',
      `${machine.name} has ${inBytes(free)} left in ${place}, and the kernel ${kernel.release} needs ${inBytes(bytes)} there. Make room, or take away kernels that nobody boots ("npm run restore" takes away nestbench's).`,
      { machine: machine.name },
    );
  }
}

/** Takes away a kernel of ours, whole or not. */
export async function removeKernel(
  machine: Machine,
  release: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  if (!RELEASE.test(release)) throw new RangeError(`${release} is no kernel release`);
  const options = { signal, deadlineSeconds: INITRAMFS_SECONDS };
  await machine.run(['update-initramfs', '-d', '-k', release, '-b', OUR_KERNELS], options);
  // And the directories, where nothing else of ours is in them.
  const tidy = 'rmdir --ignore-fail-on-non-empty "$3" "$2/kernels" "$2" 2>/dev/null || true';
  await machine.check(
    [
      'sh',
      '-c',
      `rm -rf "$3/vmlinuz-$1" "$3/initrd.img-$1" "/boot/config-$1" "/lib/modules/$1" "$2/modules.tar.gz" "$2/kernels/$1.json" && { ${tidy}; }`,
      'sh',
      release,
      directory,
      OUR_KERNELS,
    ],
    options,
  );
}

/** The releases of nestbench's kernels there. */
export async function installedKernels(
  machine: Machine,
  directory: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { stdout } = await machine.run(['ls', `${directory}/kernels`], {
    signal,
    deadlineSeconds: COMMAND_SECONDS,
  });
  return stdout
    .split('\n')
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
}

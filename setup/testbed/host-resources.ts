/** What the host offers: disk, memory, processors, and whether its hardware can run the emulated server. */
import { constants, readFileSync } from 'node:fs';
import { mkdir, open, readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import type { Accelerator } from '../../fixtures/accelerator.ts';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { NestbenchError } from '../lib/errors.ts';
import { CacheFullError } from '../build/build-errors.ts';
import { inBytes } from '../lib/bytes.ts';
import { errorCode } from '../lib/error-text.ts';
import { userName } from '../lib/user.ts';
import { describeKvm, type Extension, KVM_MODULES } from './kvm-parameters.ts';

/** Free space that a start needs. The disk held 2.3 GB more while an empty cache was filled, mmdebstrap's work included. */
export const BUILD_BYTES = 3e9;

export interface NeededResources {
  readonly cacheDirectory: string;
  /** Free space that is needed in the cache. */
  readonly cacheBytes: number;
  /** What the machines of the testbed need together. */
  readonly memoryBytes: number;
}

/** This host has too little memory for the selected cells. */
export class TooLittleMemoryError extends NestbenchError {
  override readonly code = 'NESTBENCH_TOO_LITTLE_MEMORY';
  override readonly kind = 'configuration';
}

/**
 * @throws {NestbenchError} NESTBENCH_NO_SPACE or NESTBENCH_TOO_LITTLE_MEMORY, with what is needed and what was found.
 */
export async function checkResources(needed: NeededResources): Promise<void> {
  await checkDisk(needed.cacheDirectory, needed.cacheBytes);
  await checkMemory(needed.memoryBytes);
}

export async function checkDisk(cache: string, bytes: number): Promise<void> {
  await mkdir(cache, { recursive: true });
  const free = await freeBytes(cache);
  if (free >= bytes) return;
  throw new CacheFullError({
    found: `${cache} needs ${inBytes(bytes)} of free space, and its file system has ${inBytes(free)}`,
  });
}

export async function checkMemory(bytes: number): Promise<void> {
  const available = await availableMemory();
  if (available.bytes >= bytes) return;
  throw new TooLittleMemoryError({
    message: `The testbed's machines need ${inBytes(bytes)} of memory, and ${inBytes(available.bytes)} is available${available.limitedBy}. End other programs, or choose a cell with fewer levels.`,
    machine: 'host',
  });
}

export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Available memory: the kernel's estimate, or the rest of a control group's limit if that is less. */
export async function availableMemory(root = '/'): Promise<{ bytes: number; limitedBy: string }> {
  const meminfo = await readFile(path.join(root, 'proc/meminfo'), 'utf8');
  const estimate = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1]) * 1024;
  let tightest = { bytes: estimate, limitedBy: '' };
  for (const directory of await controlGroups(root)) {
    const limit = Number(await readLine(path.join(directory, 'memory.max')));
    const used = Number(await readLine(path.join(directory, 'memory.current')));
    // `max`, or no such file, is no limit.
    if (!Number.isFinite(limit) || !Number.isFinite(used)) continue;
    const left = Math.max(0, limit - used);
    if (left < tightest.bytes)
      tightest = { bytes: left, limitedBy: ` (limited by the control group ${directory})` };
  }
  return tightest;
}

/** This process's control group (version 2) and its parents; the limit of each applies. */
async function controlGroups(root: string): Promise<string[]> {
  const own = /^0::(.*)$/m.exec((await readWhole(path.join(root, 'proc/self/cgroup'))) ?? '')?.[1];
  if (own === undefined) return [];
  const top = path.join(root, 'sys/fs/cgroup');
  const groups: string[] = [];
  for (let at = path.join(top, own); at.startsWith(top); at = path.dirname(at)) groups.push(at);
  return groups;
}

/** The host in the experiment's record. */
export function describeHost(): ExperimentRecord['host'] {
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  };
}

export interface HostVirtualization {
  readonly accelerator: Accelerator;
  /** As the end of a sentence. */
  readonly why: string;
  /** The hardware's, if it is used. */
  readonly extension?: Extension;
  /** The parameters of its KVM, if it is used. */
  readonly kvm?: string;
  /** What to do for kvm; absent if it works. */
  readonly fix?: string;
}

/**
 * Whether the emulated server can use the host's hardware virtualization. /dev/kvm alone is no proof: there are
 * software KVMs without svm or vmx, in which a stock guest hangs, and without nesting the server's own KVM has no
 * hardware.
 */
export async function hostVirtualization(root = '/'): Promise<HostVirtualization> {
  const device = path.join(root, 'dev/kvm');
  const flags = /^flags\s*:(.*)$/m.exec((await readWhole(path.join(root, 'proc/cpuinfo'))) ?? '')?.[1] ?? '';
  const extension = flags.split(/\s+/).find((flag) => flag === 'svm' || flag === 'vmx');
  const unopened = await whyUnopened(device);
  if (extension === undefined) {
    const although = unopened === undefined ? `, although there is a ${device}` : '';
    return emulated(
      `the CPU has neither svm nor vmx${although}`,
      "turn on SVM or VT-x in the firmware's setup; in a virtual machine, nesting on its host",
    );
  }
  const module = KVM_MODULES[extension];
  if (unopened !== undefined) {
    return emulated(
      `${device} can't be opened for reading and writing (${unopened})`,
      openingFix(unopened, extension),
    );
  }
  const nested = await readLine(path.join(root, `sys/module/${module}/parameters/nested`));
  if (nested !== '1' && nested !== 'Y') {
    return emulated(
      `${module} has nested=${nested ?? 'unknown'}`,
      `echo options ${module} nested=1 | sudo tee /etc/modprobe.d/nestbench.conf; sudo modprobe -r ${module}; sudo modprobe ${module}`,
    );
  }
  return {
    accelerator: 'kvm',
    extension,
    kvm: await describeKvm(extension, root),
    why: `${device} works, the CPU has ${extension}, and ${module} has nested=${nested}`,
  };
}

function emulated(why: string, fix: string): HostVirtualization {
  return { accelerator: 'tcg', why, fix };
}

/** The error's code; undefined if it can be opened for reading and writing. */
async function whyUnopened(device: string): Promise<string | undefined> {
  try {
    const file = await open(device, constants.O_RDWR);
    await file.close();
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

/** @param code of the error. */
export function openingFix(code: string, extension: Extension): string {
  // A container's engine denies a device that it was not asked for.
  if (code === 'EPERM') return 'start the container with --device /dev/kvm';
  if (code === 'EACCES')
    return `sudo usermod --append --groups kvm ${userName()}, and log in again; in a container of Docker, start it with --group-add "$(stat -c %g /dev/kvm)", of Podman without root with --group-add keep-groups`;
  return `sudo modprobe ${KVM_MODULES[extension]}; if it refuses, turn on ${extension === 'svm' ? 'SVM' : 'VT-x'} in the firmware's setup; in a container, start it with --device /dev/kvm`;
}

async function readWhole(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function readLine(file: string): Promise<string | undefined> {
  return (await readWhole(file))?.trim();
}

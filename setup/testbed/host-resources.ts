/** What the host offers: disk, memory, processors, and whether its hardware can run the emulated server. */
import { constants, readFileSync } from 'node:fs';
import { access, mkdir, readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import type { Accelerator } from '../../fixtures/accelerator.ts';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { NestbenchError } from '../lib/errors.ts';
import { CacheFullError } from '../build/build-errors.ts';
import { inBytes } from '../lib/bytes.ts';

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
  await mkdir(needed.cacheDirectory, { recursive: true });
  const { bavail, bsize } = await statfs(needed.cacheDirectory);
  const free = bavail * bsize;
  if (free < needed.cacheBytes) {
    throw new CacheFullError({
      found: `${needed.cacheDirectory} needs ${inBytes(needed.cacheBytes)} of free space, and its file system has ${inBytes(free)}`,
    });
  }
  const available = await availableMemory();
  if (available.bytes < needed.memoryBytes) {
    throw new TooLittleMemoryError({
      message: `The testbed's machines need ${inBytes(needed.memoryBytes)} of memory, and ${inBytes(available.bytes)} is available${available.limitedBy}. End other programs, or choose a cell with fewer levels.`,
      machine: 'host',
    });
  }
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
}

/**
 * Whether the emulated server can use the host's hardware virtualization. /dev/kvm alone is no proof: there are
 * software KVMs without svm or vmx, in which a stock guest hangs, and without nesting the server's own KVM has no
 * hardware.
 */
export async function hostVirtualization(root = '/'): Promise<HostVirtualization> {
  const device = path.join(root, 'dev/kvm');
  try {
    await access(device, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return emulated(`${device} can't be opened for reading and writing (${code})`);
  }
  const flags = /^flags\s*:(.*)$/m.exec((await readWhole(path.join(root, 'proc/cpuinfo'))) ?? '')?.[1] ?? '';
  const extension = flags.split(/\s+/).find((flag) => flag === 'svm' || flag === 'vmx');
  if (extension === undefined) {
    return emulated(`the CPU has neither svm nor vmx, although there is a ${device}`);
  }
  const module = extension === 'svm' ? 'kvm_amd' : 'kvm_intel';
  const nested = await readLine(path.join(root, `sys/module/${module}/parameters/nested`));
  if (nested !== '1' && nested !== 'Y') {
    return emulated(`${module} has nested=${nested ?? 'unknown'}; load it with nested=1 to use the hardware`);
  }
  return {
    accelerator: 'kvm',
    why: `${device} works, the CPU has ${extension}, and ${module} has nested=${nested}`,
  };
}

function emulated(why: string): HostVirtualization {
  return { accelerator: 'tcg', why };
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

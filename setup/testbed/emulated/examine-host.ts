/** The doctor's checks of this host for the emulated testbed. */
import { LEVELS } from '../../../fixtures/matrix.ts';
import { memoryMiBAt, sizingFor } from '../../../fixtures/sizing.ts';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { isAllBuilt } from '../../build/build-all.ts';
import { findEngine } from '../../build/builder/engine.ts';
import { cacheDirectory } from '../../build/cache/build-cache.ts';
import { installCommand, missingPackages, neededPackages } from '../../build/host-packages.ts';
import { FOR_MMDEBSTRAP } from '../../build/package-list.ts';
import { assertEnterable } from '../../build/toolchain/inside.ts';
import { assertOwnership } from '../../build/toolchain/namespace.ts';
import { inBytes } from '../../lib/bytes.ts';
import { cacheFault } from '../../lib/places.ts';
import { failureOf, type Finding, finding } from '../diagnose.ts';
import {
  availableMemory,
  BUILD_BYTES,
  checkDisk,
  checkMemory,
  describeHost,
  freeBytes,
  hostVirtualization,
} from '../host-resources.ts';
import { socketFault } from '../runtime.ts';

const DEEPEST = LEVELS.at(-1) ?? 0;

export async function examineHost(): Promise<Finding[]> {
  const host = describeHost();
  const sizing = sizingFor(host);
  const bytes = (memoryMiBAt(sizing, 0, DEEPEST) + sizing.memoryMiB) * 2 ** 20;
  const hasCache = cacheFault() === undefined;
  const isBuilt = hasCache && (await isAllBuilt(STOCK_VARIANT));
  return [
    finding('Node', 'Node 24 or later, which npm ci installs', `${process.version}, ${process.execPath}`, ''),
    finding('CPUs', 'one; with more, levels have more', `${host.cpus}, ${host.cpuModel}`, ''),
    await examineMemory(bytes),
    // Otherwise a separate finding says what is wrong with the cache.
    ...(hasCache ? [await examineDisk()] : []),
    ...(await examineSockets()),
    await examineVirtualization(),
    await examineNamespaces(isBuilt),
    await examineEngine(),
    await examinePackages(isBuilt),
  ];
}

async function examineMemory(bytes: number): Promise<Finding> {
  const { bytes: available, limitedBy } = await availableMemory();
  const fault = await failureOf(async () => checkMemory(bytes));
  const needed = `${inBytes(bytes)}, for L3`;
  return finding(
    'memory',
    needed,
    `${inBytes(available)} available${limitedBy}; L3 needs ${inBytes(bytes)}`,
    fault ?? '',
  );
}

async function examineDisk(): Promise<Finding> {
  const directory = cacheDirectory();
  const fault = await failureOf(async () => checkDisk(directory, BUILD_BYTES));
  const needed = `${inBytes(BUILD_BYTES)} for the builds`;
  return finding('disk', needed, `${inBytes(await freeBytes(directory))} free for ${directory}`, fault ?? '');
}

/** Nothing to say where sockets work, as almost everywhere. */
async function examineSockets(): Promise<Finding[]> {
  const fault = await socketFault();
  if (fault === undefined) return [];
  const needed = 'sockets in TMPDIR, by which the machines are reached';
  return [finding('sockets', needed, fault, 'set TMPDIR to a directory on a local disk')];
}

async function examineVirtualization(): Promise<Finding> {
  const { accelerator, why, fix = '' } = await hostVirtualization();
  const found = `${accelerator}: ${why}`;
  const needed = 'for ACCELERATOR=kvm; without it the server is emulated';
  const its = finding('virtualization', needed, found, fix);
  return fix === '' ? its : { ...its, verdict: 'possible' };
}

async function examineNamespaces(isBuilt: boolean): Promise<Finding> {
  const needed = 'namespaces, in which the toolchain runs';
  const fault = await failureOf(assertEnterable);
  if (fault === undefined) return finding('namespaces', needed, 'allowed', '');
  return isBuilt
    ? finding('namespaces', needed, 'refused, and not needed: everything is built', '')
    : finding('namespaces', needed, 'refused', fault);
}

async function examineEngine(): Promise<Finding> {
  const engine = await findEngine();
  const found = engine.ok
    ? `${engine.client.info.containerRuntime.operatingSystem}, ${engine.client.info.containerRuntime.serverVersion}`
    : `none answers, which matters only without mmdebstrap: ${engine.why}`;
  return finding('engine', 'Docker or Podman, if mmdebstrap is missing', found, '');
}

/**
 * mmdebstrap and what an ordinary user needs for it, an engine that runs it in a container, or a cache that makes it
 * unnecessary.
 */
async function examinePackages(isBuilt: boolean): Promise<Finding> {
  const needed =
    'mmdebstrap, which a run installs where it may, a container engine, or an import into the cache';
  let missing: readonly string[] = [];
  const fault = await failureOf(async () => {
    missing = await missingPackages(neededPackages(FOR_MMDEBSTRAP));
    if (missing.length === 0) await assertOwnership();
  });
  if (fault === undefined && missing.length === 0) return finding('packages', needed, 'all installed', '');
  if ((await findEngine()).ok) return finding('packages', needed, 'a container engine answers', '');
  if (isBuilt) return finding('packages', needed, 'none needed: the cache has what a run boots from', '');
  const found = fault === undefined ? `missing: ${missing.join(', ')}` : 'neither';
  return finding('packages', needed, found, fault ?? installCommand(missing));
}

/** The doctor's checks of this host for the emulated testbed. */
import { LEVELS } from '../../../fixtures/matrix.ts';
import { memoryMiBAt, sizingFor } from '../../../fixtures/sizing.ts';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { isAllBuilt } from '../../build/build-all.ts';
import { findEngine } from '../../build/builder/engine.ts';
import { cacheDirectory } from '../../build/cache/build-cache.ts';
import { installCommand, missingPackages, neededPackages } from '../../build/host-packages.ts';
import { FOR_MMDEBSTRAP } from '../../build/package-list.ts';
import { assertOwnership } from '../../build/toolchain/namespace.ts';
import { cacheFault } from '../../lib/places.ts';
import { failureOf, type Finding, finding } from '../diagnose.ts';
import { BUILD_BYTES, checkResources, describeHost, hostVirtualization } from '../host-resources.ts';

const DEEPEST = LEVELS.at(-1) ?? 0;

export async function examineHost(): Promise<Finding[]> {
  const host = describeHost();
  const sizing = sizingFor(host);
  const { accelerator, why } = await hostVirtualization();
  const server = memoryMiBAt(sizing, 0, DEEPEST) + sizing.memoryMiB;
  const room = await failureOf(async () => {
    // Otherwise a separate finding says what is wrong with it.
    if (cacheFault() !== undefined) return;
    await checkResources({
      cacheDirectory: cacheDirectory(),
      cacheBytes: BUILD_BYTES,
      memoryBytes: server * 2 ** 20,
    });
  });
  return [
    finding('CPUs', 'one; with more, levels have more', `${host.cpus}, ${host.cpuModel}`, ''),
    finding('virtualization', 'none: without it the server is emulated', `${accelerator}: ${why}`, ''),
    finding(
      'room',
      `disk for builds, and memory for L3: ${server} MiB`,
      room === undefined ? 'enough' : 'too little',
      room ?? '',
    ),
    await examinePackages(),
  ];
}

/**
 * mmdebstrap and what an ordinary user needs for it, an engine that runs it in a container, or a cache that makes it
 * unnecessary.
 */
async function examinePackages(): Promise<Finding> {
  const needed =
    'mmdebstrap, which a run installs where it may, a container engine, or an import into the cache';
  let missing: readonly string[] = [];
  const fault = await failureOf(async () => {
    missing = await missingPackages(neededPackages(FOR_MMDEBSTRAP));
    if (missing.length === 0) await assertOwnership();
  });
  if (fault === undefined && missing.length === 0) return finding('packages', needed, 'all installed', '');
  if ((await findEngine()).ok) return finding('packages', needed, 'a container engine answers', '');
  if (cacheFault() === undefined && (await isAllBuilt(STOCK_VARIANT)))
    return finding('packages', needed, 'none needed: the cache has what a run boots from', '');
  const found = fault === undefined ? `missing: ${missing.join(', ')}` : 'neither';
  return finding('packages', needed, found, fault ?? installCommand(missing));
}

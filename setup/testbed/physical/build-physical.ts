/** `npm run build` for a physical testbed. */
import { CELLS } from '../../../fixtures/matrix.ts';
import { allSoftware } from '../../../fixtures/physical-software.ts';
import { buildBootFiles } from '../../build/build-all.ts';
import { cacheDirectory, holdCache } from '../../build/cache/build-cache.ts';
import type { Settings } from '../../run/settings.ts';
import { BUILD_BYTES, checkResources } from '../host-resources.ts';
import type { BuildOptions, BuiltArtefact } from '../testbed.ts';
import { buildSoftware } from './build-software.ts';
import { readTestbed } from './testbed-file.ts';
import { assertDvhQemus } from './dvh-software.ts';
import { assertBuilt, measurable } from './prepare-physical.ts';

/**
 * What all cells need that can be measured with the testbed file's software, whatever card the server has.
 * @throws {InputError} NESTBENCH_BAD_TESTBED if a QEMU lacks what a cell needs it for; NESTBENCH_BUILD_FAILED.
 */
export async function buildPhysical(
  { testbed: file, variant }: Settings,
  options: BuildOptions,
): Promise<BuiltArtefact[]> {
  const { held, phases, signal } = options;
  const testbed = readTestbed(file);
  assertBuilt(variant);
  const cells = measurable(CELLS, { testbed });
  await checkResources({ cacheDirectory: cacheDirectory(), cacheBytes: BUILD_BYTES, memoryBytes: 0 });
  held.use(await holdCache(signal));
  const { kernel, image } = await buildBootFiles(signal, variant, 'physical');
  phases.lap('kernel and image');
  const software = allSoftware(testbed, cells);
  const { kernels, qemus } = await buildSoftware(software, testbed.builder, options);
  assertDvhQemus(testbed, cells, qemus);
  return [
    { what: "nestbench's own kernel", version: kernel.release, hash: kernel.hash },
    { what: 'image of every level', version: '', hash: image.hash },
    ...Object.values(kernels).map(({ release, hash }) => ({ what: 'kernel', version: release, hash })),
    ...Object.values(qemus).map(({ version, hash, dvh }) => ({
      what: dvh.postedInterrupts ? 'QEMU with DVH' : 'QEMU',
      version,
      hash,
    })),
  ];
}

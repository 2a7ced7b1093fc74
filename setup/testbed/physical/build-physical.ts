/** `npm run build` for a physical testbed. */
import { CELLS } from '../../../fixtures/matrix.ts';
import type { Settings } from '../../run/settings.ts';
import type { BuildOptions, BuiltArtefact } from '../testbed.ts';
import { buildForCells } from './build-software.ts';
import { readTestbed } from './testbed-file.ts';
import { assertBuilt, measurable } from './prepare-physical.ts';

/**
 * What all cells need that can be measured with the testbed file's software, whatever card the server has.
 * @throws what {@link buildForCells} throws.
 */
export async function buildPhysical(
  { testbed: file, variant }: Settings,
  options: BuildOptions,
): Promise<BuiltArtefact[]> {
  const testbed = readTestbed(file);
  assertBuilt(variant);
  const cells = measurable(CELLS, { testbed });
  const { kernel, image, kernels, qemus, memtier } = await buildForCells(testbed, cells, variant, options);
  return [
    { what: "nestbench's own kernel", version: kernel.release, hash: kernel.hash },
    { what: 'image of every level', version: '', hash: image.hash },
    ...Object.values(kernels).map(({ release, hash }) => ({ what: 'kernel', version: release, hash })),
    ...Object.values(qemus).map(({ version, hash, dvh }) => ({
      what: dvh.postedInterrupts ? 'QEMU with DVH' : 'QEMU',
      version,
      hash,
    })),
    ...(memtier === undefined
      ? []
      : [{ what: 'memtier_benchmark', version: memtier.commit.slice(0, 12), hash: memtier.hash }]),
  ];
}

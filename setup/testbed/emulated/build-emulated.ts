/** `npm run build` for the emulated testbed. */
import { buildAll } from '../../build/build-all.ts';
import { cacheDirectory, holdCache } from '../../build/cache/build-cache.ts';
import type { Settings } from '../../run/settings.ts';
import { BUILD_BYTES, checkResources } from '../host-resources.ts';
import type { BuildOptions, BuiltArtefact } from '../testbed.ts';
import { buildTscProgram } from './tsc.ts';

export async function buildEmulated(
  { variant }: Settings,
  { held, signal }: BuildOptions,
): Promise<BuiltArtefact[]> {
  await checkResources({ cacheDirectory: cacheDirectory(), cacheBytes: BUILD_BYTES, memoryBytes: 0 });
  held.use(await holdCache(signal));
  const { kernel, image, emulator } = await buildAll(signal, variant);
  await buildTscProgram(signal);
  return [
    { what: 'kernel of every level', version: kernel.release, hash: kernel.hash },
    { what: 'image of every level', version: '', hash: image.hash },
    { what: 'QEMU that emulates the server', version: emulator.version, hash: emulator.hash },
  ];
}

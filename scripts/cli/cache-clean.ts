/** Empties the cache of kernels, images and snapshots, and says how much space that freed. */
import { cacheDirectory, emptyCache } from '../../setup/build/cache/build-cache.ts';
import { inBytes } from '../../setup/lib/bytes.ts';
import { SNAPSHOTS } from '../../setup/testbed/emulated/snapshot/snapshot-store.ts';

export async function clean({ snapshots }: { readonly snapshots: boolean }): Promise<void> {
  const freed = await emptyCache(snapshots ? [SNAPSHOTS] : undefined);
  const what = snapshots ? `Dropped the snapshots in ${cacheDirectory()}` : `Emptied ${cacheDirectory()}`;
  console.log(`${what}: ${inBytes(freed)} freed.`);
}

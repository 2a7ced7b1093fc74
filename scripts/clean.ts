/** `npm run clean`: empties the cache of kernels and images, and says how much that freed. */
import { cacheDirectory, emptyCache } from '../setup/build/cache.ts';
import { inBytes } from '../setup/host/bytes.ts';
import { runScript } from './run-script.ts';

await runScript(async () => {
  const freed = await emptyCache();
  console.log(`Emptied ${cacheDirectory()}: ${inBytes(freed)} freed.`);
});

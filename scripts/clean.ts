/** `npm run clean`: empties the cache of kernels, images and snapshots, and says how much that freed. */
import { cacheDirectory, emptyCache } from '../setup/build/cache.ts';
import { inBytes } from '../setup/host/bytes.ts';
import { SNAPSHOTS } from '../setup/snapshot/store.ts';
import { parseArguments } from './arguments.ts';
import { runScript } from './run-script.ts';

const USAGE = 'npm run clean [-- --snapshots], which leaves kernels and images where they are';

await runScript(async () => {
  const { values } = parseArguments(
    {
      args: process.argv.slice(2),
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        snapshots: { type: 'boolean', default: false },
      },
    },
    USAGE,
  );
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const freed = await emptyCache(values.snapshots ? [SNAPSHOTS] : undefined);
  const what = values.snapshots
    ? `Dropped the snapshots in ${cacheDirectory()}`
    : `Emptied ${cacheDirectory()}`;
  console.log(`${what}: ${inBytes(freed)} freed.`);
});

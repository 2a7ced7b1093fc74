#!/usr/bin/env node
/** `npm run clean`: empties the cache of kernels and images, and says how much that freed. */
import { cacheDirectory, emptyCache } from '../setup/build/cache.ts';
import { NestbenchError } from '../setup/errors.ts';
import { inBytes } from '../setup/host/bytes.ts';

try {
  const freed = await emptyCache();
  console.log(`Emptied ${cacheDirectory()}: ${inBytes(freed)} freed.`);
} catch (error) {
  if (!(error instanceof NestbenchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

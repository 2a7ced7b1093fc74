/** The project's own Vitest, for scripts that run it to measure. */
import { createRequire } from 'node:module';
import path from 'node:path';

export const VITEST = path.join(
  path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);

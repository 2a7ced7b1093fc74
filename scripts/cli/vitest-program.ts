/** The project's own Vitest, for scripts that measure by running it. */
import { createRequire } from 'node:module';
import path from 'node:path';

export const VITEST = path.join(
  path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);

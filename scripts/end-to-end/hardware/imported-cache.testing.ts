/** A cache for another host or user, made as docs/toolchain.md says: exported here, and imported there. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { REPOSITORY } from '../run.testing.ts';

/**
 * What a run boots from, and nothing else of this host's cache.
 * @returns the folder `nestbench` of the new cache, which is below `directory`.
 */
export async function importedCache(directory: string, cancelSignal: AbortSignal): Promise<string> {
  const file = path.join(directory, 'export.tar.zst');
  const home = path.join(directory, 'cache');
  const cache = async (word: string, env = {}): Promise<void> => {
    const words = ['scripts/cache.ts', word, file];
    await execa(process.execPath, words, { cwd: REPOSITORY, env, cancelSignal, stdin: 'ignore' });
  };
  await cache('export');
  await cache('import', { XDG_CACHE_HOME: home });
  rmSync(file);
  return path.join(home, 'nestbench');
}

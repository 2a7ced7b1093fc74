/** The location of the cache. */
import path from 'node:path';
import { InputError } from './errors.ts';
import { homeDirectory } from './user.ts';

/**
 * `$XDG_CACHE_HOME/nestbench`, or `~/.cache/nestbench`. A relative path is ignored, as the XDG base directory
 * specification requires.
 * @throws {InputError} if there is neither.
 */
export function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  if (path.isAbsolute(base)) return path.join(base, 'nestbench');
  const home = homeDirectory();
  if (home !== undefined) return path.join(home, '.cache', 'nestbench');
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    'There is no place for the cache: this user has no home directory, and XDG_CACHE_HOME is not an absolute path.',
  );
}

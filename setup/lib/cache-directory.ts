/** Where the cache is. */
import path from 'node:path';
import { InputError } from './errors.ts';
import { homeDirectory } from './user.ts';

/**
 * `$XDG_CACHE_HOME/nestbench`, else `~/.cache/nestbench`; a relative path is ignored as the XDG base directories say.
 * @throws {InputError} where there is neither.
 */
export function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  if (path.isAbsolute(base)) return path.join(base, 'nestbench');
  const home = homeDirectory();
  if (home !== undefined) return path.join(home, '.cache', 'nestbench');
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    'There is no place for the cache: this user has no home directory, and XDG_CACHE_HOME names no absolute path.',
  );
}

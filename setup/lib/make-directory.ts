/** Directories with all that is missing above them. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes one level at a time: Node's own recursive mkdir never ends where a file system refuses with ENOENT (/proc).
 * @throws the system's error for the first level that can't be made.
 */
export function makeDirectory(directory: string): void {
  const whole = path.resolve(directory);
  if (existsSync(whole)) return;
  makeDirectory(path.dirname(whole));
  try {
    mkdirSync(whole);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(whole)) throw error;
  }
}

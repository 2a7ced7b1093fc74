/** Creates directories with their missing parents. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Creates one level at a time: Node's own recursive mkdir never ends when a file system fails with ENOENT (/proc).
 * @throws the system's error for the first level that can't be created.
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

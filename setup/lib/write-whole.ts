/** Writes files that are either complete or absent. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory } from './make-directory.ts';

/**
 * Writes `text` to a temporary file and renames it to `file`: a reader finds the old file or the new one, never a part.
 * @param flush whether to wait until it is on the disk; not needed for what can be generated again.
 */
export function writeWhole(file: string, text: string, { flush = true } = {}): void {
  const temporary = `${file}.${process.pid}.part`;
  makeDirectory(path.dirname(file));
  try {
    writeFileSync(temporary, text, { flush });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Files that are whole or not there. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory } from './make-directory.ts';

/**
 * Writes `text` beside `file` and renames it into place: a reader finds the old file or the new one, never a part.
 * @param flush whether it is on the disk when this returns; what can be made again need not wait for that.
 */
export function writeWhole(file: string, text: string, { flush = true } = {}): void {
  const beside = `${file}.${process.pid}.part`;
  makeDirectory(path.dirname(file));
  try {
    writeFileSync(beside, text, { flush });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

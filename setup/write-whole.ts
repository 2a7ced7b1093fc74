/** Files that are whole or not there. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes `text` beside `file` and renames it into place: a reader finds the old file or the new one, never a part. */
export function writeWhole(file: string, text: string): void {
  const beside = `${file}.${process.pid}.part`;
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    writeFileSync(beside, text, { flush: true });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

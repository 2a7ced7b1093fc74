/** The link to the experiment that was measured last. */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** `results/latest`, which is replaced in one step. */
export function pointLatestTo(folder: string, resultsDirectory: string): void {
  const link = path.join(resultsDirectory, `latest.${process.pid}`);
  rmSync(link, { force: true });
  symlinkSync(folder, link);
  renameSync(link, path.join(resultsDirectory, 'latest'));
}

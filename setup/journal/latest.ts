/** The link to the newest experiment. */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** Replaces `results/latest` atomically. */
export function pointLatestTo(folder: string, resultsDirectory: string): void {
  const link = path.join(resultsDirectory, `latest.${process.pid}`);
  rmSync(link, { force: true });
  symlinkSync(folder, link);
  renameSync(link, path.join(resultsDirectory, 'latest'));
}

/** A host with fewer programs than this one. */
import { readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

/** Sets PATH to everything in /usr/bin except these, for the rest of the test. */
export function withoutPrograms(...names: string[]): void {
  const bin = temporaryDirectory();
  for (const name of readdirSync('/usr/bin'))
    if (!names.includes(name)) symlinkSync(path.join('/usr/bin', name), path.join(bin, name));
  vi.stubEnv('PATH', bin);
  onTestFinished(() => void vi.unstubAllEnvs());
}

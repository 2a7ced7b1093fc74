/** A temporary directory for a test, and an empty cache inside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';

export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'nestbench-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Uses an empty cache for the rest of the test. */
export function temporaryCache(): string {
  const base = temporaryDirectory();
  vi.stubEnv('XDG_CACHE_HOME', base);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return path.join(base, 'nestbench');
}

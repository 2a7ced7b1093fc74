/** Where Vitest keeps its own files on hosts where its usual places are not writable. */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { whyUnusable } from '../lib/places.ts';
import { homeDirectory, userId } from '../lib/user.ts';

/** Vite's cache, in the checkout if that is writable. */
export function viteCache(checkout: string): string {
  const usual = path.join(checkout, 'node_modules', '.vite');
  return whyUnusable(usual) === undefined ? usual : temporaryPlace('vite');
}

/**
 * Vitest keeps a token in the user's data directory, and ends with a stack trace if there is no home directory (or
 * hangs if that is below /proc).
 */
export function settleDataHome(environment: NodeJS.ProcessEnv): void {
  const home = homeDirectory();
  const given = environment['XDG_DATA_HOME'] ?? '';
  const usual = given !== '' ? given : home && path.join(home, '.local', 'share');
  if (usual !== undefined && whyUnusable(usual) === undefined) return;
  environment['XDG_DATA_HOME'] = temporaryPlace('data');
}

/** In the folder that the testbed uses too (testbed/runtime.ts), which must not be writable by others. */
function temporaryPlace(name: string): string {
  const folder = path.join(tmpdir(), `nestbench-${userId()}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It exists, or the global setup reports what is wrong with TMPDIR.
  }
  return path.join(folder, name);
}

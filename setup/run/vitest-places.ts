/** Where Vitest keeps what is its own, on hosts where its usual places can't be written to. */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { whyUnusable } from '../lib/places.ts';
import { homeDirectory, userId } from '../lib/user.ts';

/** Vite's cache, which is in the checkout unless that can't be written to. */
export function viteCache(checkout: string): string {
  const usual = path.join(checkout, 'node_modules', '.vite');
  return whyUnusable(usual) === undefined ? usual : temporaryPlace('vite');
}

/**
 * Vitest keeps a token in the user's data directory, and ends with a stack trace where there is no home directory (and not
 * at all where it is below /proc).
 */
export function settleDataHome(environment: NodeJS.ProcessEnv): void {
  const home = homeDirectory();
  const given = environment['XDG_DATA_HOME'] ?? '';
  const usual = given !== '' ? given : home && path.join(home, '.local', 'share');
  if (usual !== undefined && whyUnusable(usual) === undefined) return;
  environment['XDG_DATA_HOME'] = temporaryPlace('data');
}

/** In the folder that the testbed uses too (testbed/runtime.ts), which nobody else may be able to write to. */
function temporaryPlace(name: string): string {
  const folder = path.join(tmpdir(), `nestbench-${userId()}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there, or the global setup says what is wrong with TMPDIR.
  }
  return path.join(folder, name);
}

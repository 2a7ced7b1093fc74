import path from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { buildAll } from '../../build/build-all.ts';
import { withoutPrograms } from '../../build/without-programs.testing.ts';
import { temporaryCache } from '../../lib/temporary.testing.ts';

const SCRIPT = path.resolve(import.meta.dirname, '../../../scripts/doctor.ts');

/** What the doctor reports about packages. */
async function packages(): Promise<string | undefined> {
  const { stdout } = await execa(process.execPath, [SCRIPT], { reject: false });
  return /^host +packages +(.+)$/m.exec(stdout)?.[1]?.replaceAll(/ +/g, ' ');
}

/** Builds everything first on a new machine. */
test('mmdebstrap is only required if the cache lacks something', { timeout: 1_200_000 }, async () => {
  const { signal } = new AbortController();
  await buildAll(signal, STOCK_VARIANT);
  withoutPrograms('mmdebstrap', 'dpkg-query');
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  vi.stubEnv('XDG_RUNTIME_DIR', '/nonexistent');
  expect(await packages()).toBe('ok none needed: the cache has what a run boots from');
  temporaryCache();
  expect(await packages()).toBe('WRONG neither');
});

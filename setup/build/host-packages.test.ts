/** ensurePackages with stand-ins on PATH that print what a real dpkg-query, sudo and apt-get print. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../lib/temporary.testing.ts';
import { FOR_KERNEL_PACKAGES, FOR_MMDEBSTRAP } from './package-list.ts';
import { ensurePackages } from './host-packages.ts';

const never = new AbortController().signal;

/** Sets PATH to only these shell scripts, which log their calls to a file. */
function programs(scripts: Record<string, string>, uid: number): () => string {
  temporaryCache();
  const directory = temporaryDirectory();
  const calls = path.join(directory, 'calls');
  mkdirSync(path.join(directory, 'bin'));
  // Locks are real.
  for (const name of ['flock', 'sh', 'cat']) symlinkSync(`/bin/${name}`, path.join(directory, 'bin', name));
  for (const [name, script] of Object.entries(scripts)) {
    const text = `#!/bin/sh\necho "${name} $*" >>${calls}\n${script}\n`;
    writeFileSync(path.join(directory, 'bin', name), text, { mode: 0o755 });
  }
  vi.stubEnv('PATH', path.join(directory, 'bin'));
  const getuid = vi.spyOn(process, 'getuid').mockReturnValue(uid);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    getuid.mockRestore();
  });
  return () => (existsSync(calls) ? readFileSync(calls, 'utf8') : '');
}

const LIST = [...FOR_MMDEBSTRAP, ...FOR_KERNEL_PACKAGES];
const everything = LIST.map(({ name }) => `installed ${name}`);
function dpkgQuery(lines: readonly string[]): string {
  return `cat <<'END'\n${lines.join('\n')}\nEND`.replace('cat', '/bin/cat');
}
const withoutFlex = dpkgQuery(everything.filter((line) => line !== 'installed flex'));
const sudo = 'shift; [ "$1" = true ] && exit 0; exec /usr/bin/env "$@"';

test('does nothing if everything is installed', async () => {
  const calls = programs({ 'dpkg-query': dpkgQuery(everything) }, 1000);
  await ensurePackages(never, LIST);
  expect(calls()).not.toContain('apt-get');
});

test('a package that was removed but not purged is missing', async () => {
  const lines = everything.map((line) => (line === 'installed flex' ? 'config-files flex' : line));
  programs({ 'dpkg-query': dpkgQuery(lines) }, 1000);
  const missing = ensurePackages(never, LIST);
  await expect(missing).rejects.toMatchObject({ code: 'NESTBENCH_PACKAGE_MISSING', kind: 'configuration' });
  await expect(missing).rejects.toThrow(
    /Run: sudo apt-get update && sudo apt-get install --no-install-recommends flex$/,
  );
});

test('packages for ordinary users are not required for root', async () => {
  const lines = dpkgQuery(everything.filter((line) => line !== 'installed uidmap'));
  programs({ 'dpkg-query': lines }, 0);
  await ensurePackages(never, LIST);
  programs({ 'dpkg-query': lines }, 1000);
  await expect(ensurePackages(never, LIST)).rejects.toThrow(/install --no-install-recommends uidmap$/);
});

test('installs through sudo if that needs no password', async () => {
  const calls = programs(
    { 'dpkg-query': withoutFlex, sudo, env: 'exec /usr/bin/env "$@"', 'apt-get': 'exit 0' },
    1000,
  );
  await ensurePackages(never, LIST);
  expect(calls()).toMatch(
    /apt-get --option DPkg::Lock::Timeout=\d+ install --yes --no-install-recommends flex\n/,
  );
});

test('root needs no sudo', async () => {
  const calls = programs(
    { 'dpkg-query': withoutFlex, env: 'exec /usr/bin/env "$@"', 'apt-get': 'exit 0' },
    0,
  );
  await ensurePackages(never, LIST);
  expect(calls()).toContain('install --yes');
  expect(calls()).not.toContain('sudo');
});

test("the error has apt's own message", async () => {
  const apt = 'echo "E: Unable to locate package flex" >&2; exit 100';
  programs({ 'dpkg-query': withoutFlex, env: 'exec /usr/bin/env "$@"', 'apt-get': apt }, 0);
  const failing = ensurePackages(never, LIST);
  await expect(failing).rejects.toThrow('Unable to locate package flex');
  await expect(failing).rejects.toMatchObject({
    code: 'NESTBENCH_PACKAGE_MISSING',
    exitCode: 100,
  });
});

test.each([
  ["Package 'flex' has no installation candidate", 'Debian 13, of a package that it dropped'],
  ['Unable to locate package flex', 'Debian, of one that it never had'],
])('"%s" (%s): a container has it', async (error) => {
  const apt = `echo 'E: ${error.replaceAll("'", String.raw`'\''`)}'; exit 100`;
  programs({ 'dpkg-query': withoutFlex, env: 'exec /usr/bin/env "$@"', 'apt-get': apt }, 0);
  await expect(ensurePackages(never, LIST)).rejects.toThrow(
    /This release of Debian or Ubuntu does not have flex, but a container does: start Docker/,
  );
});

test('abort interrupts apt-get, and is not mistaken for its failure', async () => {
  const controller = new AbortController();
  // Like apt-get, it ends on SIGINT.
  const apt = 'trap "exit 130" INT; while :; do /bin/sleep 0.05; done';
  const calls = programs({ 'dpkg-query': withoutFlex, env: 'exec /usr/bin/env "$@"', 'apt-get': apt }, 0);
  const running = ensurePackages(controller.signal, LIST);
  await expect.poll(calls).toContain('apt-get');
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
});

test('without dpkg the missing programs are named', async () => {
  programs({ mmdebstrap: '', bc: '' }, 1000);
  const missing = ensurePackages(never, LIST);
  await expect(missing).rejects.toThrow(/not a Debian or Ubuntu host.*newuidmap \(for /);
  await expect(missing).rejects.not.toThrow(/\bmmdebstrap\b/);
  await expect(missing).rejects.toThrow(
    /\(in Fedora: sudo dnf install util-linux (debian-keyring )?shadow-utils .*\)\.$/,
  );
});

test('Podman is suggested where there is neither dpkg nor mmdebstrap', async () => {
  programs({ newuidmap: '' }, 1000);
  await expect(ensurePackages(never, FOR_MMDEBSTRAP)).rejects.toThrow(
    /dnf install util-linux .*podman.* && systemctl --user enable --now podman\.socket\)\.$/,
  );
});

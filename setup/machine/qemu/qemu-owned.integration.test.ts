/**
 * Whether a QEMU that names nestbench's runtime directory belongs to nestbench. The processes are real, but only named
 * like QEMU.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { isRunning, processStat } from '../../lib/proc.ts';
import { endOwned, findOwned } from './qemu-owned.ts';

const NOBODY = '65534';
const isRoot = process.getuid?.() === 0;
/** Printed once a process is as its test needs it. */
const READY = 'ready';

function runs({ pid }: ChildProcess): boolean {
  return isRunning(processStat(pid ?? 0));
}

/** A process that calls itself QEMU and names `directory`, after `prepare` in Perl. */
async function qemuIn(
  directory: string,
  prepare = '',
  wrapper: readonly string[] = [],
): Promise<ChildProcess> {
  const script = `${prepare}; $| = 1; print "${READY}\\n"; sleep 600`;
  const rename = 'exec -a qemu-system-x86_64 "$@"';
  const argv = ['bash', '-c', rename, 'bash', 'perl', '-e', script, '--', '-pidfile', `${directory}/l0.pid`];
  const [file = '', ...rest] = [...wrapper, ...argv];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** Whether a sweep finds nothing in `directory`, and `qemu` keeps running. */
async function isLeftAlone(directory: string, qemu: ChildProcess): Promise<boolean> {
  return findOwned(directory).length === 0 && (await endOwned(directory)).length === 0 && runs(qemu);
}

test("the same user's, in the same directory, is owned", async () => {
  const directory = temporaryDirectory();
  const qemu = await qemuIn(directory);
  expect(findOwned(directory).map(({ pid }) => pid)).toEqual([qemu.pid]);
  await expect(endOwned(directory)).resolves.toHaveLength(1);
  expect(runs(qemu)).toBe(false);
});

test('it still is after the directory was removed', async () => {
  const directory = path.join(temporaryDirectory(), 'testbed');
  const qemu = await qemuIn(directory);
  expect(findOwned(directory).map(({ pid }) => pid)).toEqual([qemu.pid]);
});

test('one whose path only ends alike is left alone', async () => {
  const directory = temporaryDirectory();
  expect(await isLeftAlone(directory, await qemuIn(`/srv${directory}`))).toBe(true);
});

describe.runIf(isRoot)('left alone (these tests need root)', () => {
  test("another user's that names the directory", async () => {
    const directory = temporaryDirectory();
    const other = await qemuIn(directory, '', ['setpriv', `--reuid=${NOBODY}`, '--clear-groups']);
    expect(await isLeftAlone(directory, other)).toBe(true);
  });

  test('one that we may send no signal', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    const qemu = await qemuIn(directory);
    const sweep = `
      const { endOwned } = await import(${JSON.stringify(path.join(import.meta.dirname, 'qemu-owned.ts'))});
      console.log((await endOwned(${JSON.stringify(directory)})).length);`;
    const asNobody = [`--reuid=${NOBODY}`, '--clear-groups', process.execPath, '--input-type=module', '-e'];
    expect(execFileSync('setpriv', [...asNobody, sweep], { encoding: 'utf8' })).toBe('0\n');
    expect(runs(qemu)).toBe(true);
  });

  test('one of a container, where the same path is another directory', async () => {
    const directory = temporaryDirectory();
    const mount = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', directory];
    expect(await isLeftAlone(directory, await qemuIn(directory, '', mount))).toBe(true);
  });

  test('one of another mount namespace that shares the directory', async () => {
    const directory = temporaryDirectory();
    expect(await isLeftAlone(directory, await qemuIn(directory, '', ['unshare', '--mount']))).toBe(true);
  });

  test('one of a chroot, where the same path is another directory', async () => {
    const directory = temporaryDirectory();
    const root = temporaryDirectory();
    mkdirSync(path.join(root, directory), { recursive: true });
    expect(await isLeftAlone(directory, await qemuIn(directory, `chroot '${root}'; chdir '/'`))).toBe(true);
  });
});

/** Real QEMUs of this host: how they end, and that none is left, whatever happens to the process that started them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isRunning, processStat } from '../../lib/proc.ts';
import { endOwned, findOwned, type QemuProcess, spawnQemu } from './qemu-process.ts';
import { waitUntil } from '../../lib/wait.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const patient = { machine: 'host', deadlineSeconds: 30, intervalMs: 20, signal: never };
let directory = '';
const noneOwned = (): true | undefined => (findOwned(directory).length === 0 ? true : undefined);

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'nestbench-run-'));
});
afterEach(async () => {
  await endOwned(directory);
  rmSync(directory, { recursive: true, force: true });
});

function options(name = 'l0', ...extra: string[]): Parameters<typeof spawnQemu>[0] {
  const pidFile = path.join(directory, `${name}.pid`);
  const machine = ['-M', 'none', '-S', '-nodefaults', '-display', 'none'];
  return {
    argv: ['qemu-system-x86_64', ...machine, '-pidfile', pidFile, ...extra],
    pidFile,
    logFile: path.join(directory, `${name}.log`),
    signal: never,
  };
}

/** Waits until QEMU has written its pid file and handles SIGTERM; before that, SIGTERM ends it like any process. */
async function up(qemu: QemuProcess): Promise<QemuProcess> {
  await pidFileOf('l0', qemu.pid);
  const term = 1n << BigInt(constants.signals.SIGTERM - 1);
  const handled = (): true | undefined => {
    const status = readFileSync(`/proc/${qemu.pid}/status`, 'utf8');
    return (BigInt(`0x${/^SigCgt:\t(.*)$/m.exec(status)?.[1]}`) & term) === 0n ? undefined : true;
  };
  await waitUntil('its signal handlers', handled, patient);
  return qemu;
}

function pidFileOf(name: string, pid?: number): Promise<number> {
  const probe = (): number | undefined => {
    const file = path.join(directory, `${name}.pid`);
    const found = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    return found > 0 && (pid === undefined || found === pid) ? found : undefined;
  };
  return waitUntil('the pid file', probe, {
    machine: 'host',
    deadlineSeconds: 30,
    intervalMs: 20,
    signal: never,
  });
}

function runs(pid: number): boolean {
  return isRunning(processStat(pid));
}

/** A separate process that starts a QEMU and then does something. */
function parent(then: string): ChildProcess {
  const script = `
    const { spawnQemu } = await import(${JSON.stringify(path.join(import.meta.dirname, 'qemu-process.ts'))});
    const { signal, ...rest } = ${JSON.stringify(options())};
    await spawnQemu({ ...rest, signal: new AbortController().signal });
    ${then}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

test('runs in its own process group, where no Ctrl-C reaches it', async () => {
  await using qemu = await spawnQemu(options());
  expect(processStat(qemu.pid)?.group).toBe(qemu.pid);
  expect(processStat(process.pid)?.group).not.toBe(qemu.pid);
});

test('ends on SIGTERM, and leaves no pid file', async () => {
  const qemu = await up(await spawnQemu(options()));
  await expect(qemu.end()).resolves.toMatchObject({ exitCode: 0, signal: null });
  expect(runs(qemu.pid)).toBe(false);
  expect(existsSync(path.join(directory, 'l0.pid'))).toBe(false);
});

test('is killed if it does not react to SIGTERM, and leaves no pid file either', async () => {
  const qemu = await up(await spawnQemu(options()));
  process.kill(qemu.pid, 'SIGSTOP');
  await expect(qemu.end()).resolves.toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  expect(existsSync(path.join(directory, 'l0.pid'))).toBe(false);
});

test('ends once, however often it is requested', async () => {
  const qemu = await up(await spawnQemu(options()));
  const [first, second] = await Promise.all([qemu.end(), qemu.end()]);
  expect(second).toEqual(first);
  await expect(qemu.end()).resolves.toEqual(first);
});

test('ends on abort', async () => {
  const controller = new AbortController();
  const qemu = await up(await spawnQemu({ ...options(), signal: controller.signal }));
  controller.abort();
  await qemu.exited;
  expect(runs(qemu.pid)).toBe(false);
});

test('does not start once aborted', async () => {
  const starting = spawnQemu({ ...options(), signal: AbortSignal.abort() });
  await expect(starting).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  expect(findOwned(directory)).toEqual([]);
});

test('reports how it died and the end of its output', async () => {
  const qemu = await spawnQemu(options('l0', '-cpu', 'no-such-cpu', '-M', 'pc'));
  const exit = await qemu.exited;
  expect(exit.exitCode).toBe(1);
  expect(exit.stderr).toContain("unable to find CPU model 'no-such-cpu'");
});

test('the output of an earlier QEMU is in the log, but not reported again', async () => {
  await (
    await spawnQemu(options('l0', '-no-such-option'))
  ).exited;
  const exit = await (await spawnQemu(options('l0', '-no-other-option'))).exited;
  expect(exit.stderr).toContain('-no-other-option');
  expect(exit.stderr).not.toContain('-no-such-option');
  expect(readFileSync(path.join(directory, 'l0.log'), 'utf8')).toContain('-no-such-option');
});

test('a QEMU that is not installed is reported with the command that installs it', async () => {
  const starting = spawnQemu({ ...options(), argv: ['qemu-system-pdp11'] });
  await expect(starting).rejects.toMatchObject({
    code: 'NESTBENCH_PACKAGE_MISSING',
    message: expect.stringMatching(/no qemu-system-pdp11 on this host.*apt-get install/),
  });
});

test('is killed when the process that started it exits', async () => {
  const starter = parent('process.exit(7);');
  const [code]: unknown[] = await once(starter, 'exit');
  expect(code).toBe(7);
  await waitUntil('its end', noneOwned, patient);
});

test('is found and ended by the next run if the process that started it was ended by kill -9', async () => {
  const starter = parent('setInterval(() => {}, 1000);');
  const pid = await pidFileOf('l0');
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  expect(runs(pid)).toBe(true);

  expect(findOwned(directory)).toMatchObject([{ pid, pidFile: path.join(directory, 'l0.pid') }]);
  await expect(endOwned(directory)).resolves.toMatchObject([{ pid }]);
  expect(runs(pid)).toBe(false);
  expect(existsSync(path.join(directory, 'l0.pid'))).toBe(false);
});

test('endOwned kills one that does not react to SIGTERM', async () => {
  const qemu = await up(await spawnQemu(options()));
  process.kill(qemu.pid, 'SIGSTOP');
  await endOwned(directory);
  await expect(qemu.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
});

test('one without its pid file is found nevertheless', async () => {
  const qemu = await up(await spawnQemu(options()));
  rmSync(path.join(directory, 'l0.pid'));
  expect(findOwned(directory)).toMatchObject([{ pid: qemu.pid, pidFile: undefined }]);
});

test('a pid file whose pid belongs to another process by now does not count as a QEMU', async () => {
  const pidFile = path.join(directory, 'l0.pid');
  // It never gets the line that it waits for.
  const innocent = spawn('sh', ['-c', 'read line', 'sh', pidFile], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await once(innocent, 'spawn');
    writeFileSync(pidFile, `${innocent.pid}\n`);
    expect(findOwned(directory)).toEqual([]);
    await endOwned(directory);
    expect(runs(innocent.pid ?? 0)).toBe(true);
    expect(existsSync(pidFile)).toBe(false);
  } finally {
    innocent.kill();
  }
});

test('the QEMU of another run is left alone', async () => {
  const own = directory;
  directory = `${own}0`;
  mkdirSync(directory);
  try {
    const other = await up(await spawnQemu(options()));
    writeFileSync(path.join(own, 'l0.pid'), `${other.pid}\n`);
    await expect(endOwned(own)).resolves.toEqual([]);
    expect(runs(other.pid)).toBe(true);
    await other.end();
  } finally {
    rmSync(directory, { recursive: true });
    directory = own;
  }
});

test('a runtime directory that does not exist has no QEMUs', async () => {
  await expect(endOwned(path.join(directory, 'never-made'))).resolves.toEqual([]);
});

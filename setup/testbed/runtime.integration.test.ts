import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { endOwned, findOwned, type QemuProcess, spawnQemu } from '../machine/qemu/qemu-process.ts';
import {
  besideLock,
  claimDirectory,
  holdLanes,
  laneDirectory,
  lockFile,
  runtimeDirectory,
  socketFault,
  sweepTestbed,
  takeTestbed,
} from './runtime.ts';

const never = new AbortController().signal;

// A separate testbed for the test: the real one may be in use, and a test must not end its machines.
let own: string;
let lock: string;
beforeEach(() => {
  vi.stubEnv('TMPDIR', temporaryDirectory());
  own = runtimeDirectory();
  lock = lockFile(temporaryDirectory());
});
afterEach(async () => {
  await endOwned(own);
  vi.unstubAllEnvs();
});

function take(waitMinutes: number, onWait: (who: string) => void = () => {}): ReturnType<typeof takeTestbed> {
  return takeTestbed({ waitMinutes, signal: never, onWait, lock });
}

describe('the directory of keys and sockets', () => {
  test('is rejected if others can write to it', () => {
    const directory = path.dirname(runtimeDirectory());
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    expect(() => claimDirectory()).toThrow(/only this user can write to/);
  });

  test('is rejected if its name is a link to another place', () => {
    symlinkSync(temporaryDirectory(), path.dirname(runtimeDirectory()));
    expect(() => claimDirectory()).toThrow(/only this user can write to/);
  });

  test("is rejected if it can't be created", () => {
    const file = path.join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    vi.stubEnv('TMPDIR', file);
    expect(() => claimDirectory()).toThrow(/could not be created: ENOTDIR.*Make .*file a directory/);
  });

  test('is rejected if its path is too long for a socket', () => {
    vi.stubEnv('TMPDIR', path.join(temporaryDirectory(), 'x'.repeat(80)));
    expect(() => claimDirectory()).toThrow(/TMPDIR is too long/);
  });
});

test('a directory in which no socket can listen is named; where one can, nothing is left', async () => {
  // No file system of a network is there, but sysfs refuses a new file too.
  expect(await socketFault('/sys')).toMatch(/^No socket can listen in \/sys, .* \(E[A-Z]+\)\.$/);
  const directory = temporaryDirectory();
  expect(await socketFault(directory)).toBeUndefined();
  expect(readdirSync(directory)).toEqual([]);
});

describe("the testbed's lock", () => {
  test.each(['TMPDIR', 'HOME', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME'])(
    'is where it is whatever %s is',
    (name) => {
      const before = lockFile();
      vi.stubEnv(name, temporaryDirectory());
      expect(lockFile()).toBe(before);
    },
  );

  test('excludes a run with another TMPDIR', async () => {
    await using held = await take(0);
    vi.stubEnv('TMPDIR', temporaryDirectory());
    await expect(take(0)).rejects.toMatchObject({ code: 'NESTBENCH_TESTBED_BUSY' });
    expect(runtimeDirectory()).not.toBe(own);
    expect(held.file).toBe(lock);
  });

  const squatters: Readonly<Record<string, (folder: string) => void>> = {
    'a folder that others can write to': (folder) => {
      mkdirSync(folder);
      chmodSync(folder, 0o777);
    },
    'a link': (folder) => symlinkSync(temporaryDirectory(), folder),
    'a link to nowhere': (folder) => symlinkSync('/nowhere/at/all', folder),
    'a file': (folder) => writeFileSync(folder, ''),
  };
  test.each(Object.entries(squatters))('is not taken if %s is in its place', async (_, squat) => {
    squat(path.dirname(lock));
    await expect(take(0)).rejects.toThrow(
      /nestbench-\d+ is not a directory that only this user can write to.*administrator to remove it/,
    );
    expect(existsSync(lock)).toBe(false);
  });

  test.runIf(process.getuid?.() === 0)("is not taken in another user's folder (needs root)", async () => {
    mkdirSync(path.dirname(lock));
    chownSync(path.dirname(lock), 65_534, 65_534);
    await expect(take(0)).rejects.toThrow(/administrator to remove it/);
  });
});

/** The result of a run below this process with this TMPDIR: the lock that it took, or why it took none. */
async function takenBelow(TMPDIR: string): Promise<string> {
  const script = `
    const { takeTestbed } = await import(${JSON.stringify(path.join(import.meta.dirname, 'runtime.ts'))});
    const options = { waitMinutes: 0, signal: new AbortController().signal, onWait() {}, lock: ${JSON.stringify(lock)} };
    try {
      await using held = await takeTestbed(options);
      console.log(held.file);
    } catch (error) {
      console.log(error.message);
    }`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script], {
    env: { TMPDIR },
  });
  return stdout;
}

describe('a run that the holder of the testbed started', () => {
  test('with another TMPDIR takes its own lock', async () => {
    await using held = await take(0);
    expect(await takenBelow(temporaryDirectory())).toBe(`${held.file}.inner`);
  });

  test('with the same TMPDIR is rejected, because it would end the machines of the holder', async () => {
    await using held = await take(0);
    expect(held.file).toBe(lock);
    expect(await takenBelow(path.resolve(own, '../..'))).toMatch(
      /^The run that started this one has its machines in .*testbed too.*Set TMPDIR/,
    );
  });
});

describe('the testbed of this host', () => {
  test('is taken at once if it is free, even without waiting', async () => {
    const onWait = vi.fn<(who: string) => void>();
    await using held = await take(0, onWait);
    expect(held.file).toBe(lock);
    expect(onWait).not.toHaveBeenCalled();
  });

  test('is refused without waiting, with who holds it and what to do', async () => {
    await using held = await take(0);
    expect(held.file).not.toBe('');
    await expect(take(0)).rejects.toMatchObject({
      code: 'NESTBENCH_TESTBED_BUSY',
      kind: 'infrastructure',
      message: expect.stringMatching(
        new RegExp(`held by process ${process.pid} \\(.*\\) and was not free within 0 min\\..*WAIT`),
      ),
    });
  });

  test('is taken once its holder is done, after a message about the wait', async () => {
    const first = await take(0);
    const holders: string[] = [];
    const waiting = take(1, (who) => {
      holders.push(who);
      void first[Symbol.asyncDispose]();
    });
    await using second = await waiting;
    expect(second.file).toBe(first.file);
    expect(holders).toEqual([expect.stringContaining(`process ${process.pid}`)]);
  });

  // Above 35,791 minutes a timer would expire at once; a timer only takes whole milliseconds.
  test.each([1e9, 1 / 7])('is waited for if WAIT is %s minutes', async (minutes) => {
    const first = await take(0);
    const waiting = take(minutes, () => setTimeout(() => void first[Symbol.asyncDispose](), 100));
    await using second = await waiting;
    expect(second.file).toBe(first.file);
  });

  test('is not taken by a run that is stopped while it waits', async () => {
    await using held = await take(0);
    const controller = new AbortController();
    const waiting = takeTestbed({
      waitMinutes: 5,
      signal: controller.signal,
      onWait: () => controller.abort(),
      lock,
    });
    await expect(waiting).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
    expect(held.file).not.toBe('');
  });
});

async function leftBehind(name: string): Promise<QemuProcess> {
  mkdirSync(runtimeDirectory(), { recursive: true });
  const pidFile = path.join(runtimeDirectory(), `${name}.pid`);
  return spawnQemu({
    argv: ['qemu-system-x86_64', '-M', 'none', '-S', '-nodefaults', '-display', 'none', '-pidfile', pidFile],
    pidFile,
    logFile: path.join(runtimeDirectory(), `${name}.log`),
    signal: never,
  });
}

describe('the sweep', () => {
  test('ends the machines that a killed run left, and reports which', async () => {
    const qemu = await leftBehind('l0');
    await expect.poll(() => findOwned(runtimeDirectory())[0]?.pidFile, { timeout: 10_000 }).toBeDefined();
    expect(await sweepTestbed()).toEqual([
      `Ended l0 (QEMU, process ${qemu.pid}), left behind by a run that was killed.`,
    ]);
    expect(findOwned(runtimeDirectory())).toEqual([]);
  });

  test('finds what a killed run with another TMPDIR left, and removes its directory', async () => {
    const killed = await take(0);
    const qemu = await leftBehind('l0');
    await killed[Symbol.asyncDispose]();
    vi.stubEnv('TMPDIR', temporaryDirectory());
    await using next = await take(0);
    expect(next.previousRuntime).toBe(own);
    expect(await sweepTestbed(next.previousRuntime)).toEqual([
      expect.stringContaining(`process ${qemu.pid}), left behind`),
    ]);
    expect(existsSync(own)).toBe(false);
  });

  test.each(['', '/', 'relative/nestbench-0/testbed', '/somewhere/else'])(
    'does not look anywhere if "%s" is recorded as the testbed',
    async (text) => {
      mkdirSync(path.dirname(lock), { mode: 0o700 });
      writeFileSync(lock, text);
      await using held = await take(0);
      expect(held.previousRuntime).toBeUndefined();
    },
  );

  test('reports nothing if nothing was left, and removes stale pid files', async () => {
    mkdirSync(runtimeDirectory(), { recursive: true });
    const stale = path.join(runtimeDirectory(), 'l0.pid');
    writeFileSync(stale, `${process.pid}\n`);
    expect(await sweepTestbed()).toEqual([]);
    expect(existsSync(stale)).toBe(false);
  });

  test('reports nothing if there never was a testbed', async () => {
    expect(await sweepTestbed()).toEqual([]);
  });
});

describe('stacks side by side', () => {
  test('have directories of their own in that of the testbed, which ends with the run', async () => {
    await using held = new AsyncDisposableStack();
    holdLanes(2, held);
    expect([laneDirectory(0), laneDirectory(1)]).toEqual([path.join(own, '1'), path.join(own, '2')]);
    mkdirSync(laneDirectory(1));
    writeFileSync(besideLock('lane-2'), '');
    await held.disposeAsync();
    expect(existsSync(own)).toBe(false);
  });

  test('are all found by the sweep, and each alone by whoever has its lane', async () => {
    const [first, second] = [await leftBehind('1/l0'), await leftBehind('2/l0')];
    await expect.poll(() => findOwned(own), { timeout: 10_000 }).toHaveLength(2);
    expect(findOwned(laneDirectory(1)).map(({ pid }) => pid)).toEqual([second.pid]);
    expect(await sweepTestbed()).toHaveLength(2);
    expect(findOwned(own)).toEqual([]);
    expect(first.pid).not.toBe(second.pid);
  });

  test('are refused where their sockets would have names that are too long', () => {
    // Long enough that only the directory of a lane is too much.
    const room = 107 - Buffer.byteLength(path.join(runtimeDirectory(''), 'client.console')) - 1;
    vi.stubEnv('TMPDIR', `/${'x'.repeat(room)}`);
    const held = new AsyncDisposableStack();
    expect(() => holdLanes(2, held)).toThrow('TMPDIR is too long');
  });
});

test('paths leave room for the longest socket name', () => {
  // 107 bytes (unix(7)).
  expect(Buffer.byteLength(path.join(runtimeDirectory('/tmp'), 'client.console'))).toBeLessThan(108);
});

/** With the shell of this host, as on the machines themselves. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { hostMachine } from '../../machine/host.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import {
  folderFault,
  listOwn,
  makeOwnDirectory,
  ownFolder,
  readOwn,
  removeOwn,
  writeArgv,
  writeOwn,
} from './own-folder.ts';
import { installedKernels, removeKernel } from './kernel-install.ts';
import { untune } from './tuning.ts';

const never = new AbortController().signal;
const machine = hostMachine();
const isRoot = process.getuid?.() === 0;

/** Every file below a directory, with its contents. */
function everything(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [file, lstatSync(file).isFile() ? readFileSync(file, 'utf8') : '']),
  );
}

/** A directory like that of libvirt, with somebody else's files under the names that nestbench uses in its own. */
function foreign(): string {
  const directory = temporaryDirectory();
  fill(directory);
  return directory;
}

function fill(directory: string): void {
  for (const each of ['images', 'kernels', 'qemu'])
    mkdirSync(path.join(directory, each), { recursive: true });
  for (const file of [
    'images/disk.qcow2',
    'images/0123456789abcdef.ext4',
    'kernels/6.1.0-9.json',
    'tune-before.json',
    'modules.tar.gz',
  ])
    writeFileSync(path.join(directory, file), 'precious');
}

const write = (directory: string, name: string, text = 'ours'): Promise<void> =>
  writeOwn(machine, directory, name, text, never);

test('zeros of a disk image take no room, and the image goes with its directory', async () => {
  const directory = temporaryDirectory();
  await write(directory, 'disks/0123.raw', `first${'\0'.repeat(16 * 2 ** 20)}`);
  const file = path.join(ownFolder(directory), 'disks/0123.raw');
  const { size, blocks } = lstatSync(file);
  expect(size).toBe(16 * 2 ** 20 + 5);
  expect(blocks * 512).toBeLessThan(2 ** 21);
  await removeOwn(machine, directory, ['disks/0123.raw'], never);
  expect(readdirSync(directory)).toEqual([]);
});

test('what nestbench writes is listed on the disk before it is begun', async () => {
  const [directory, programs] = [temporaryDirectory(), temporaryDirectory()];
  await write(directory, 'kernels/6.1.json', '{}');
  // In the place of sync(1): notes what a power cut would find.
  const noted = path.join(programs, 'noted');
  const own = ownFolder(directory);
  writeFileSync(
    path.join(programs, 'sync'),
    `#!/bin/sh\n{ grep images/ ${own}/.nestbench; ls ${own}/images 2>/dev/null; true; } >>${noted}\n`,
    { mode: 0o755 },
  );
  const argv = ['env', `PATH=${programs}:${process.env['PATH']}`, ...writeArgv(directory, 'images/1.ext4')];
  await machine.check(argv, { signal: never, deadlineSeconds: 20, input: 'ours' });
  expect(readFileSync(noted, 'utf8')).toBe('file images/1.ext4\nfile images/1.ext4\n1.ext4.new\n');
});

test('a directory of somebody else loses nothing, by a run or by a restore', async () => {
  const directory = foreign();
  const before = everything(directory);
  expect(await folderFault(machine, directory, never)).toBe('');
  expect(await installedKernels(machine, directory, never)).toEqual([]);
  await removeKernel(machine, '6.1.0-9', directory, never);
  expect(await untune(machine, directory, never)).toEqual([]);
  await removeOwn(machine, directory, ['images/disk.qcow2', '../kernels/6.1.0-9.json'], never);
  expect(everything(directory)).toEqual(before);

  await write(directory, 'images/1.ext4');
  expect(everything(directory)).toMatchObject(before);
  expect(await listOwn(machine, directory, never)).toEqual(['images/1.ext4']);
  await removeOwn(machine, directory, ['images/1.ext4'], never);
  expect(everything(directory)).toEqual(before);
});

test('created parts of the path are removed with the last file, and nothing else', async () => {
  const above = temporaryDirectory();
  const directory = path.join(above, 'a/b');
  await write(directory, 'images/1.ext4');
  await write(directory, 'kernels/6.1.json', '{}');
  expect(await readOwn(machine, directory, 'kernels/6.1.json', never)).toBe('{}');
  await removeOwn(machine, directory, ['images/1.ext4'], never);
  expect(await listOwn(machine, directory, never)).toEqual(['kernels/6.1.json']);
  await removeOwn(machine, directory, ['kernels/6.1.json'], never);
  expect(readdirSync(above)).toEqual([]);
});

test('a file that somebody else put into the folder is kept, and never overwritten', async () => {
  const directory = temporaryDirectory();
  await write(directory, 'images/1.ext4');
  const theirs = path.join(ownFolder(directory), 'images/2.ext4');
  writeFileSync(theirs, 'precious');
  await expect(write(directory, 'images/2.ext4')).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    kind: 'configuration',
    message: expect.stringContaining(`${theirs} is there already, and nestbench did not write it.`),
  });
  await removeOwn(machine, directory, ['images/1.ext4', 'images/2.ext4'], never);
  expect(readFileSync(theirs, 'utf8')).toBe('precious');
  // And the folder still counts as nestbench's.
  expect(await folderFault(machine, directory, never)).toBe('');
});

test('a directory is made empty each time, goes with everything in it, and is never one of somebody else', async () => {
  const above = temporaryDirectory();
  const directory = path.join(above, 'a');
  const data = await makeOwnDirectory(machine, directory, 'data', never);
  writeFileSync(path.join(data, 'guest.img'), 'old');
  expect(await makeOwnDirectory(machine, directory, 'data', never)).toBe(data);
  expect(readdirSync(data)).toEqual([]);
  mkdirSync(path.join(data, 'mysql'));
  expect(await listOwn(machine, directory, never)).toEqual([]);
  await removeOwn(machine, directory, ['data'], never);
  expect(readdirSync(above)).toEqual([]);

  await write(directory, 'images/1.ext4');
  mkdirSync(data);
  await expect(makeOwnDirectory(machine, directory, 'data', never)).rejects.toThrow(
    `${data} is there already, and nestbench did not make it.`,
  );
});

test('a link in place of a file of nestbench is not followed', async () => {
  const directory = temporaryDirectory();
  await write(directory, 'images/1.ext4');
  const [ours, theirs] = [path.join(ownFolder(directory), 'images/1.ext4'), path.join(directory, 'theirs')];
  writeFileSync(theirs, 'precious');
  await execa('ln', ['--symbolic', '--force', theirs, ours]);
  await removeOwn(machine, directory, ['images/1.ext4'], never);
  expect(readFileSync(theirs, 'utf8')).toBe('precious');
  expect(lstatSync(ours).isSymbolicLink()).toBe(true);
});

test('files are written completely, or not at all', async () => {
  const directory = temporaryDirectory();
  const [file = '', ...words] = writeArgv(directory, 'images/1.ext4', '0'.repeat(64));
  const { exitCode } = await execa(file, words, { input: 'cut short', reject: false });
  expect(exitCode).not.toBe(0);
  expect(readdirSync(path.join(ownFolder(directory), 'images'))).toEqual([]);
});

/** The errors of each use of the folder. */
async function refusals(directory: string): Promise<string[]> {
  const uses = [
    () => write(directory, 'images/1.ext4'),
    () => removeOwn(machine, directory, ['images/1.ext4', 'tune-before.json'], never),
    () => installedKernels(machine, directory, never),
    () => untune(machine, directory, never),
  ];
  const said = [await folderFault(machine, directory, never)];
  for (const use of uses) said.push(await use().then(() => 'used', String));
  return said;
}

function refusedBy(why: string): unknown[] {
  return Array.from({ length: 5 }, () => expect.stringContaining(why));
}

describe('a folder of that name that is not nestbench’s is rejected, and left alone', () => {
  test('without a marker', async () => {
    const directory = temporaryDirectory();
    fill(ownFolder(directory));
    const before = everything(directory);
    expect(await refusals(directory)).toEqual(refusedBy('its marker '));
    expect(everything(directory)).toEqual(before);
  });

  test('a link to another place, even to a folder of nestbench', async () => {
    const [directory, other] = [temporaryDirectory(), temporaryDirectory()];
    await write(other, 'images/1.ext4');
    symlinkSync(ownFolder(other), ownFolder(directory));
    const before = everything(other);
    expect(await refusals(directory)).toEqual(refusedBy('is not a directory'));
    expect(everything(other)).toEqual(before);
  });

  test('a link to nowhere, or a file', async () => {
    const [one, other] = [temporaryDirectory(), temporaryDirectory()];
    symlinkSync('/nowhere', ownFolder(one));
    expect(await refusals(one)).toEqual(refusedBy('is not a directory'));
    writeFileSync(ownFolder(other), 'precious');
    expect(await refusals(other)).toEqual(refusedBy('is not a directory'));
  });

  test('with another marker, or a link to one', async () => {
    const directory = temporaryDirectory();
    await write(directory, 'images/1.ext4');
    const marker = path.join(ownFolder(directory), '.nestbench');
    const text = readFileSync(marker, 'utf8');
    writeFileSync(marker, 'file images/1.ext4\n');
    expect(await refusals(directory)).toEqual(refusedBy('is not the marker that nestbench wrote'));
    writeFileSync(path.join(directory, 'marker'), text);
    await execa('ln', ['--symbolic', '--force', path.join(directory, 'marker'), marker]);
    expect(await refusals(directory)).toEqual(refusedBy('its marker '));
    expect(existsSync(path.join(ownFolder(directory), 'images/1.ext4'))).toBe(true);
  });

  test('that others can write to', async () => {
    const directory = temporaryDirectory();
    await write(directory, 'images/1.ext4');
    chmodSync(ownFolder(directory), 0o777);
    expect(await refusals(directory)).toEqual(
      refusedBy('belongs to another user, or others can write to it'),
    );
  });

  test.skipIf(!isRoot)('whose marker is of another user', async () => {
    const directory = temporaryDirectory();
    await write(directory, 'images/1.ext4');
    chownSync(path.join(ownFolder(directory), '.nestbench'), 12_345, 12_345);
    expect(await refusals(directory)).toEqual(refusedBy('is not the marker that nestbench wrote'));
  });

  test('whose images are elsewhere', async () => {
    const [directory, elsewhere] = [temporaryDirectory(), temporaryDirectory()];
    await write(directory, 'tune-before.json');
    writeFileSync(path.join(elsewhere, '1.ext4'), 'precious');
    symlinkSync(elsewhere, path.join(ownFolder(directory), 'images'));
    expect(await refusals(directory)).toEqual(refusedBy('images is not the directory that nestbench made'));
    expect(readdirSync(elsewhere)).toEqual(['1.ext4']);
  });

  test('where another file system is mounted', async ({ skip }) => {
    const directory = temporaryDirectory();
    await write(directory, 'images/1.ext4');
    const own = ownFolder(directory);
    const mounted = await execa('mount', ['--bind', own, own], { reject: false });
    skip(mounted.exitCode !== 0, 'mounts need root');
    try {
      expect(await refusals(directory)).toEqual(refusedBy('another file system is mounted'));
    } finally {
      await execa('umount', [own]);
    }
  });
});

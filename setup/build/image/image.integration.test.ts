import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { archiveHas } from '../archive.testing.ts';
import { sha256 } from '../../lib/hash.ts';
import { buildImage, packImage } from './image.ts';
import type { ImageFormat } from '../../../fixtures/image-formats.ts';
import { isRoot } from '../toolchain/namespace.ts';
import { buildRoot } from './guest-root.ts';
import { buildToolchain, type Toolchain } from '../toolchain/toolchain.ts';

/** On a new machine the toolchain is made first. */
const TOOLCHAIN_MS = 600_000;
let toolchain: Toolchain;
beforeAll(async () => {
  toolchain = await buildToolchain(new AbortController().signal);
}, TOOLCHAIN_MS);

/** A minimal root file system, with files that must not get into an image. */
function tinyRoot(): string {
  const directory = temporaryDirectory();
  for (const name of [
    'etc/hostname',
    'etc/passwd',
    'etc/resolv.conf',
    'etc/shells',
    'usr/lib/python3.13/os.py',
    'usr/bin/hackbench',
    'var/log/dpkg.log',
  ]) {
    mkdirSync(path.join(directory, 'root', path.dirname(name)), { recursive: true });
    writeFileSync(path.join(directory, 'root', name), name);
  }
  const tar = path.join(directory, 'root.tar');
  const owner = ['--owner=0', '--group=42', '--numeric-owner'];
  execFileSync('tar', ['--create', `--file=${tar}`, `--directory=${directory}/root`, ...owner, '.']);
  return tar;
}

/**
 * @returns the directory of the image.
 */
async function pack(tar: string, format: ImageFormat): Promise<string> {
  const directory = temporaryDirectory();
  const vmlinux = path.join(directory, 'a kernel');
  writeFileSync(vmlinux, 'kernel');
  const work = path.join(directory, 'work');
  mkdirSync(work);
  const { signal } = new AbortController();
  await packImage(toolchain, tar, vmlinux, format, {
    task: 'image',
    directory: work,
    log: path.join(directory, 'log'),
    signal,
  });
  return work;
}

/** How to inspect each format, and its output for a file. */
const TOOLS = {
  erofs: {
    look: (image: string, name: string) => ['dump.erofs', `--path=${name}`, image],
    owner: (group: number) => new RegExp(`Uid: 0\\s+Gid: ${group}\\s`),
    executable: 'Access: 0755',
    file: 'regular file',
    directory: 'directory',
    there: 'Uid',
  },
  ext4: {
    look: (image: string, name: string) => ['debugfs', '-R', `stat ${name}`, image],
    owner: (group: number) => new RegExp(`User: +0 +Group: +${group} `),
    executable: 'Mode:  0755',
    file: 'Type: regular',
    directory: 'Type: directory',
    there: 'User:',
  },
};

test.each(['erofs', 'ext4'] as const)(
  'as %s it has the root, nestbench’s scripts and the kernel; owners are kept, and useless files left out',
  async (format) => {
    const words = TOOLS[format];
    const work = await pack(tinyRoot(), format);
    const image = `image.${format}`;
    expect(readdirSync(work)).toEqual([image]);
    const inImage = async (name: string): Promise<string> => {
      const { stdout, stderr } = await execa({
        reject: false,
      })`${words.look(path.join(work, image), name)}`;
      return stdout + stderr;
    };
    expect(await inImage('/usr/bin/hackbench')).toMatch(words.owner(42));
    expect(await inImage('/usr/sbin/nestbench-init')).toMatch(words.owner(0));
    for (const name of ['init', 'counters'])
      expect(await inImage(`/usr/sbin/nestbench-${name}`)).toContain(words.executable);
    expect(await inImage('/boot/vmlinux')).toContain(words.file);
    for (const name of ['/overlay', '/seed']) expect(await inImage(name)).toContain(words.directory);
    for (const name of [
      '/etc/hostname',
      '/etc/resolv.conf',
      '/usr/lib/python3.13',
      '/var/log/dpkg.log',
      '/usr/sbin/nestbench-counters.c',
    ]) {
      expect(await inImage(name)).not.toContain(words.there);
    }
  },
);

test.each(['erofs', 'ext4'] as const)(
  'as %s it has equal bytes wherever and whenever it is made',
  async (format) => {
    const tar = tinyRoot();
    const [first, second] = [await pack(tar, format), await pack(tar, format)];
    const hash = (directory: string): string => sha256(readFileSync(path.join(directory, `image.${format}`)));
    expect(hash(second)).toBe(hash(first));
  },
);

/** Gives the toolchain, which is in root's home, another path; no entry in /etc/passwd has this number. */
const AS_STRANGER =
  'mount --bind "$0" "$1"; shift; exec setpriv --reuid=64321 --regid=64321 --clear-groups -- "$@"';

test.runIf(isRoot())('an ordinary user packs the same bytes as root', async () => {
  const tar = tinyRoot();
  const byRoot = await pack(tar, 'erofs');
  const [root, work] = [temporaryDirectory(), temporaryDirectory()];
  for (const directory of [root, work, path.dirname(tar), path.dirname(byRoot)]) chmodSync(directory, 0o777);
  const vmlinux = path.join(path.dirname(byRoot), 'a kernel');
  const words = [{ root }, tar, vmlinux, 'erofs'].map((word) => JSON.stringify(word)).join(', ');
  const script = `
    import { packImage } from ${JSON.stringify(path.join(import.meta.dirname, 'image.ts'))};
    const workplace = { directory: ${JSON.stringify(work)}, log: ${JSON.stringify(path.join(work, 'log'))} };
    await packImage(${words}, { ...workplace, signal: new AbortController().signal });`;
  const program = [process.execPath, '--input-type=module', '--eval', script];
  await execa('unshare', ['--mount', 'sh', '-euc', AS_STRANGER, toolchain.root, root, ...program]);
  const [ours, theirs] = [byRoot, work].map((place) => sha256(readFileSync(path.join(place, 'image.erofs'))));
  expect(theirs).toBe(ours);
});

test('is named by the versions of its packages, even if its root was made again', async () => {
  const cache = temporaryCache();
  mkdirSync(cache);
  const made = path.dirname(toolchain.root);
  symlinkSync(made, path.join(cache, path.basename(made)));
  const { signal } = new AbortController();
  const image = async (kernel: string): ReturnType<typeof buildImage> => {
    const vmlinux = path.join(temporaryDirectory(), 'vmlinux');
    writeFileSync(vmlinux, kernel);
    return buildImage({ vmlinux, release: kernel, hash: kernel, madeOf: {} }, 'erofs', signal);
  };
  const files = { 'etc/passwd': '', 'etc/shells': '' };
  archiveHas({ netperf: '2.7-1' }, files);
  const first = await image('stock');
  expect(first.packages.netperf).toBe('2.7-1');
  expect(first.toolchain).toBe(`trixie ${toolchain.hash}`);
  // As after an import.
  rmSync((await buildRoot(signal)).tar);
  archiveHas({ netperf: '2.7-2' }, files);
  expect(await image('stock')).toEqual(first);
  expect((await image('other')).packages.netperf).toBe('2.7-2');
  const again = await image('stock');
  expect(again.packages.netperf).toBe('2.7-2');
  expect(again.hash).not.toBe(first.hash);
});

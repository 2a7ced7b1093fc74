import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { ensurePackages } from '../host/packages.ts';
import { packImage } from './image.ts';
import { temporaryDirectory } from '../temporary.testing.ts';

/** mkfs.erofs comes with the host's packages; on a new machine they are installed first. */
const INSTALL_MS = 600_000;
beforeAll(async () => ensurePackages(new AbortController().signal), INSTALL_MS);

/** A root file system as small as it gets, with what must not get into an image. */
function tinyRoot(): string {
  const directory = temporaryDirectory();
  for (const name of [
    'etc/passwd',
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

async function inImage(image: string, name: string): Promise<string> {
  const { stdout, stderr } = await execa('dump.erofs', [`--path=${name}`, image], { reject: false });
  return stdout + stderr;
}

test('holds the root, our scripts and the kernel; owners are kept, and what is of no use left out', async () => {
  const directory = temporaryDirectory();
  const vmlinux = path.join(directory, 'a kernel');
  writeFileSync(vmlinux, 'kernel');
  const work = path.join(directory, 'work');
  mkdirSync(work);
  const signal = new AbortController().signal;
  await packImage(tinyRoot(), vmlinux, { directory: work, log: path.join(directory, 'log'), signal });

  expect(readdirSync(work)).toEqual(['image.erofs']);
  const image = path.join(work, 'image.erofs');
  expect(await inImage(image, '/usr/bin/hackbench')).toMatch(/Uid: 0\s+Gid: 42/);
  expect(await inImage(image, '/usr/sbin/nestbench-init')).toMatch(/Uid: 0\s+Gid: 0\s+Access: 0755/);
  expect(await inImage(image, '/usr/sbin/nestbench-counters')).toMatch(/Access: 0755/);
  expect(await inImage(image, '/usr/sbin/nestbench-counters.c')).not.toContain('Uid');
  expect(await inImage(image, '/boot/vmlinux')).toContain('regular file');
  expect(await inImage(image, '/overlay')).toContain('directory');
  expect(await inImage(image, '/seed')).toContain('directory');
  for (const name of ['/usr/lib/python3.13', '/var/log/dpkg.log']) {
    expect(await inImage(image, name)).not.toContain('Uid');
  }
});

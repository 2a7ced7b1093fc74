import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { shapesEmulator } from './emulator.ts';
import { runInside } from '../toolchain/inside.ts';
import { buildToolchain } from '../toolchain/toolchain.ts';

/** On a new machine the toolchain is made first. */
const TOOLCHAIN_MS = 600_000;

/** What collect.sh copies, with the libraries of zstd, and what QEMU is linked with. */
const OWNERS = `
libraries=$(ldd /usr/bin/zstd | grep -o '/[^ ]*' | xargs realpath)
archives=$(cd /usr/lib/x86_64-linux-gnu && realpath libc.a libglib-2.0.a libpcre2-8.a libfdt.a libz.a)
dpkg-query --search $libraries $archives /usr/bin/zstd /usr/share/seabios/bios-256k.bin /usr/share/qemu/qboot.rom \
  /usr/share/qemu/pvh.bin /usr/share/qemu/linuxboot_dma.bin /usr/share/qemu/kvmvapic.bin >/out/owners`;

test(
  'its name has the version of every package whose files are in it',
  { timeout: TOOLCHAIN_MS },
  async () => {
    const { signal } = new AbortController();
    const toolchain = await buildToolchain(signal);
    const out = temporaryDirectory();
    const log = path.join(out, 'log');
    const options = { purpose: 'asking whose files they are', log, signal, binds: { '/out': out } };
    await runInside(toolchain, ['sh', '-euc', OWNERS], options);
    const owners = readFileSync(path.join(out, 'owners'), 'utf8').trim().split('\n');
    const names = new Set(owners.map((line) => line.split(':')[0]));
    expect(names).toContain('seabios');
    expect(Object.keys(shapesEmulator(toolchain))).toEqual(expect.arrayContaining([...names]));
  },
);

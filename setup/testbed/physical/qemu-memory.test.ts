import { expect, test } from 'vitest';
import { parseNumaMaps } from './qemu-memory.ts';

/** Of a QEMU with huge pages, shortened; the format is that of proc(5). */
const TEXT = `55c060586000 default file=/usr/bin/qemu-system-x86_64 mapped=2 N0=2 kernelpagesize_kB=4
7f0c00000000 default anon=1048576 dirty=1048576 N0=786432 N1=262144 kernelpagesize_kB=4
7f1c00000000 default file=/anon_hugepage\\040(deleted) huge anon=512 dirty=512 N1=512 kernelpagesize_kB=2048
7ffd1c5f2000 default stack anon=3 dirty=3 active=0 N0=3 kernelpagesize_kB=4
7ffd1c5f9000 default
`;

test('pages of all mappings are counted by node, each in its own size', () => {
  expect(parseNumaMaps(TEXT)).toEqual({
    0: (2 + 786_432 + 3) * 4096,
    1: 262_144 * 4096 + 512 * 2 ** 21,
  });
});

test('an empty map has no node', () => {
  expect(parseNumaMaps('')).toEqual({});
});

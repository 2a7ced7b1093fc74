/** QEMU 10 of the guests' own Debian on a host whose Debian is older, for machines with a card that has virtual functions. */
import path from 'node:path';
import { cached } from '../../build/cache.ts';
import { buildRoot } from '../../build/root.ts';
import { runTool } from '../../build/tool.ts';

/** Its program with what it loads, and its firmware. */
const PARTS = [
  './usr/bin/qemu-system-x86_64',
  './usr/lib/x86_64-linux-gnu',
  './usr/share/qemu',
  './usr/share/seabios',
];

/** The words that it is started by. */
export async function newerQemu(signal: AbortSignal): Promise<string[]> {
  const root = await buildRoot(signal);
  const { directory } = await cached({
    name: 'newer-qemu',
    inputs: { recipe: 1, root: root.hash, parts: PARTS },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const argv = ['tar', '--extract', `--file=${root.tar}`, `--directory=${place}`, ...PARTS];
      await runTool(argv, { purpose: "unpacking the guests' QEMU", log, signal: within });
      return {};
    },
  });
  const at = (file: string): string => path.join(directory, 'usr', file);
  const libraries = at('lib/x86_64-linux-gnu');
  return [
    // With the C library that it was made for.
    [
      'env',
      `QEMU_MODULE_DIR=${libraries}/qemu`,
      `${libraries}/ld-linux-x86-64.so.2`,
      '--library-path',
      libraries,
    ],
    [at('bin/qemu-system-x86_64'), '-L', at('share/qemu'), '-L', at('share/seabios')],
  ].flat();
}

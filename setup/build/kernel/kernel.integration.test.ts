import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { isRunning, processArgv, processIds, processStat } from '../../lib/proc.ts';
import { DVH_SUITES, SUITES } from '../../../fixtures/variant.ts';
import { cached } from '../cache/build-cache.ts';
import { compileKernel, PATCHES } from './kernel.ts';
import { readPatches } from './kernel-recipe.ts';
import { runInside } from '../toolchain/inside.ts';
import { buildToolchain, kernelSource, type Toolchain } from '../toolchain/toolchain.ts';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';

/** On a new machine the toolchain is made first. */
const TOOLCHAIN_MS = 600_000;
let toolchain: Toolchain;
beforeAll(async () => {
  toolchain = await buildToolchain(new AbortController().signal);
}, TOOLCHAIN_MS);

/** A source tree with the same make targets as Linux, packed like linux-source. */
function standInSource(files: Record<string, string> = {}): string {
  const directory = temporaryDirectory();
  const tree = path.join(directory, 'linux-source-0.1');
  mkdirSync(path.join(tree, 'include/config'), { recursive: true });
  const makefile = [
    'allnoconfig:',
    '\tgrep -v UNKNOWN $(KCONFIG_ALLCONFIG) > .config',
    'vmlinux: a.o b.o',
    '\t@echo "  LD      vmlinux"',
    '\t$(CC) -nostdlib -Wl,-e0 -o $@ $^',
    '\techo 0.1.0-nestbench > include/config/kernel.release',
    '%.o: %.c',
    '\t@echo "  CC      $@"',
    '\t@$(CC) -c -o $@ $<',
    '',
  ].join('\n');
  const all = { Makefile: makefile, 'a.c': 'int a;\n', 'b.c': 'int b;\n', ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(path.join(tree, name), text);
  const tarball = path.join(directory, 'linux-source-0.1.tar.xz');
  execFileSync('tar', [
    '--create',
    '--xz',
    `--file=${tarball}`,
    `--directory=${directory}`,
    'linux-source-0.1',
  ]);
  return tarball;
}

function build(
  tarball: string,
  options: readonly string[] = ['CONFIG_KVM=y'],
  signal = new AbortController().signal,
  texts: readonly string[] = [],
) {
  const source = { package: 'linux-source-0.1', version: '0.1-1', tarball };
  const patches = texts.map((text, at) => ({ name: `${at + 1}.patch`, text }));
  const inputs = { tarball, options, patches };
  return cached({
    name: 'kernel',
    inputs,
    signal,
    build: (place) => compileKernel(toolchain, source, options, patches, place),
  });
}

test('leaves the kernel, its configuration and its release, and nothing of the source', async () => {
  temporaryCache();
  const { directory, facts } = await build(standInSource());
  expect(facts).toEqual({ release: '0.1.0-nestbench' });
  expect(readdirSync(directory).toSorted()).toEqual(['build.log', 'config', 'provenance.json', 'vmlinux']);
});

test("a compile error has the compiler's own message, and the log is kept", async () => {
  const cache = temporaryCache();
  const failing = build(standInSource({ 'b.c': 'int b = nowhere;\n' }));
  await expect(failing).rejects.toMatchObject({ code: 'NESTBENCH_BUILD_FAILED', kind: 'infrastructure' });
  await expect(failing).rejects.toThrow(/b\.c:1:9: error: .*nowhere.*\n.*int b = nowhere;/);
  await expect(failing).rejects.toThrow(/make: \*\*\* \[.*b\.o\] Error 1/);
  const [log = ''] = readdirSync(path.join(cache, 'logs'));
  await expect(failing).rejects.toThrow(path.join(cache, 'logs', log));
  expect(readFileSync(path.join(cache, 'logs', log), 'utf8')).toContain('nowhere');
  expect(readdirSync(cache).toSorted()).toEqual(['lock', 'locks', 'logs']);
});

test('an option that the source does not support is named', async () => {
  temporaryCache();
  const failing = build(standInSource(), ['CONFIG_KVM=y', 'CONFIG_UNKNOWN=y']);
  await expect(failing).rejects.toMatchObject({ code: 'NESTBENCH_BUILD_FAILED', kind: 'configuration' });
  await expect(failing).rejects.toThrow(
    /^linux-source-0\.1 0\.1-1 does not grant.*\nCONFIG_UNKNOWN: requested y, got n$/,
  );
});

test('abort ends make and its compilers, and leaves nothing', async () => {
  const cache = temporaryCache();
  const controller = new AbortController();
  // A header that never ends: the compiler reads on and on.
  const source = standInSource({ 'b.c': '#include "/dev/zero"\n' });
  const running = build(source, ['CONFIG_KVM=y'], controller.signal);
  const ofThisBuild = (): number[] =>
    processIds().filter((pid) => isRunning(processStat(pid)) && sees(pid, cache));
  while (!ofThisBuild().some((pid) => processArgv(pid)[0]?.includes('cc1') === true)) await sleep(20);
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  expect(ofThisBuild()).toEqual([]);
  expect(readdirSync(cache).toSorted()).toEqual(['lock', 'locks', 'logs']);
});

/** Whether a directory below this one is among the mounts of the process. */
function sees(pid: number, below: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(` ${below}/`);
  } catch {
    return false;
  }
}

/** In the format of `diff -u`. */
function patchOf(before: string, after: string): string {
  return `--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-${before}\n+${after}\n`;
}

test('is built with the patches of a variant, of which no files are left', async () => {
  temporaryCache();
  const failing = build(standInSource(), undefined, undefined, [
    patchOf('int a;', 'int a = 1;'),
    patchOf('int a = 1;', 'int a = nowhere;'),
  ]);
  // Only the result of both patches does not compile.
  await expect(failing).rejects.toThrow(/a\.c:1:9: error: .*nowhere/);
  const { directory } = await build(standInSource(), undefined, undefined, [patchOf('int a;', 'int c;')]);
  expect(readdirSync(directory).toSorted()).toEqual(['build.log', 'config', 'provenance.json', 'vmlinux']);
});

test('a patch that does not apply is reported, with what patch says', async () => {
  temporaryCache();
  const failing = build(standInSource(), undefined, undefined, [patchOf('int other;', 'int a = 1;')]);
  await expect(failing).rejects.toMatchObject({ code: 'NESTBENCH_BUILD_FAILED' });
  await expect(failing).rejects.toThrow(/patch 1 of 1 \(1\.patch\).*Hunk #1 FAILED/s);
});

test('the kernel is built with the whole DVH series, and only in the suites that say so', () => {
  const files = readdirSync(path.join(import.meta.dirname, 'dvh')).filter((file) => file.endsWith('.patch'));
  expect(PATCHES.trixie).toEqual(files.toSorted().map((file) => `dvh/${file}`));
  expect(SUITES.filter((suite) => PATCHES[suite].some((file) => file.startsWith('dvh/')))).toEqual(
    DVH_SUITES,
  );
});

const VARIANTS = path.join(import.meta.dirname, '../../../fixtures/variants');
const ofVariants = readdirSync(VARIANTS).filter((file) => file.endsWith('.patch'));

test.each(ofVariants)("nestbench's own patches and then %s apply without fuzz", async (ofVariant) => {
  const own = PATCHES.trixie.map((file) => path.join(import.meta.dirname, file));
  const patches = await readPatches([...own, path.join(VARIANTS, ofVariant)]);
  const series = patches.map(({ text }) => text).join('');
  const made = new Set(filesOf(series, /^--- \/dev\/null\n\+\+\+ b\/(.+)$/gm));
  const changed = new Set(filesOf(series, /^--- a\/(.+)$/gm)).difference(made);
  const directory = temporaryDirectory();
  mkdirSync(path.join(directory, 'linux'));
  writeFileSync(path.join(directory, 'series'), series);
  const run = (argv: readonly string[], purpose: string): Promise<void> =>
    runInside(toolchain, argv, {
      purpose,
      log: path.join(directory, 'log'),
      signal: new AbortController().signal,
      binds: { '/build': directory, '/source': kernelSource(toolchain).tarball },
      cwd: '/build/linux',
    });
  // tar reads no further than the last of these.
  const wanted = [...changed].map((file) => `linux-source-6.12/${file}`);
  await run(
    [
      'tar',
      '--extract',
      '--file=/source',
      '--no-same-owner',
      '--strip-components=1',
      '--occurrence=1',
      ...wanted,
    ],
    'unpacking what is patched',
  );
  const applying = run(
    ['patch', '--strip=1', '--forward', '--fuzz=0', '--input=/build/series'],
    'applying the patches',
  );
  await expect(applying).resolves.toBeUndefined();
});

function filesOf(series: string, pattern: RegExp): string[] {
  return [...series.matchAll(pattern)].map(([, file = '']) => file);
}

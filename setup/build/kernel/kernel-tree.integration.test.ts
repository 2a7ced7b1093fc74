/** Commits of a small repository with make targets like Linux's, built one after another in one tree. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { SOMEBODY } from '../../testbed/physical/kernel-repository.testing.ts';
import { buildToolchain, type Toolchain } from '../toolchain/toolchain.ts';
import { CommitBuildError, KernelTree } from './kernel-tree.ts';

const signal = new AbortController().signal;
/** On a new machine the toolchain is made first. */
const TOOLCHAIN_MS = 600_000;
let toolchain: Toolchain;
beforeAll(async () => {
  toolchain = await buildToolchain(signal);
}, TOOLCHAIN_MS);

const MAKEFILE = [
  'allnoconfig:',
  "\tgrep -Ev 'CONFIG_(KVM_AMD|PROC_SYSCTL)=' $(KCONFIG_ALLCONFIG) > .config",
  'vmlinux: a.o b.o',
  '\t$(CC) -nostdlib -Wl,-e0 -o $@ $^',
  '\tmkdir -p include/config && echo 0.1.0-$$(sed -n "s/CONFIG_LOCALVERSION=//p" .config | tr -d \'"\') > include/config/kernel.release',
  '%.o: %.c',
  '\t@echo "  CC      $@"',
  '\t@$(CC) -c -o $@ $<',
  '',
].join('\n');

/** A repository with one commit for each set of files. */
function repositoryOf(commits: readonly Readonly<Record<string, string>>[]): {
  directory: string;
  shas: string[];
} {
  const directory = path.join(temporaryDirectory(), 'linux');
  mkdirSync(directory);
  const git = (...words: string[]): string =>
    execFileSync('git', words, { cwd: directory, env: { ...process.env, ...SOMEBODY }, encoding: 'utf8' });
  git('init', '--quiet');
  const shas = commits.map((files) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
      writeFileSync(path.join(directory, name), text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--message', 'change');
    return git('rev-parse', 'HEAD').trim();
  });
  return { directory, shas };
}

const FIRST = {
  Makefile: MAKEFILE,
  'a.c': 'int a;\n',
  'b.c': 'int b;\n',
  'sound/core/big.c': 'int s;\n',
  'drivers/clk/clk.c': 'int c;\n',
};

function treeOf(repository: string): Promise<KernelTree> {
  return KernelTree.open({ repository, suite: 'trixie', signal }, toolchain);
}

function compiled(log: string): string[] {
  return [...readFileSync(log, 'utf8').matchAll(/^ {2}CC +(\S+)$/gm)].map(([, file = '']) => file).toSorted();
}

test('the second commit compiles only what changed; its release names it', async () => {
  const cache = temporaryCache();
  const { directory, shas } = repositoryOf([FIRST, { 'b.c': 'int b = 2;\n' }]);
  const before = readdirSync(directory).toSorted();
  await using tree = await treeOf(directory);
  const [first = '', second = ''] = shas;
  expect(await tree.build(first)).toMatchObject({
    release: `0.1.0--nestbench-${first.slice(0, 12)}`,
    leftOut: ['CONFIG_KVM_AMD: requested y, got n'],
  });
  expect(compiled(tree.log)).toEqual(['a.o', 'b.o']);
  const { release, vmlinux } = await tree.build(second);
  expect(release).toContain(second.slice(0, 12));
  expect(compiled(tree.log)).toEqual(['b.o']);
  expect(readFileSync(vmlinux).subarray(1, 4).toString()).toBe('ELF');
  // Sources that no option selects are not checked out, and the repository stays as it is.
  expect(globSync(path.join(cache, 'kernel-trees/*/linux/sound/core/*'))).toEqual([]);
  // Older sources compile these.
  expect(globSync(path.join(cache, 'kernel-trees/*/linux/drivers/clk/*'))).toHaveLength(1);
  expect(readdirSync(directory).toSorted()).toEqual(before);
});

test('a commit that does not compile says so in the words of the compiler, and the next one builds', async () => {
  temporaryCache();
  const { directory, shas } = repositoryOf([
    FIRST,
    { 'b.c': 'int b = nowhere;\n' },
    { 'b.c': 'int b = 3;\n' },
  ]);
  await using tree = await treeOf(directory);
  await tree.build(shas[0] ?? '');
  await expect(tree.build(shas[1] ?? '')).rejects.toThrow(CommitBuildError);
  expect(readFileSync(tree.log, 'utf8')).toMatch(/b\.c:1:9: error: .*nowhere/);
  expect((await tree.build(shas[2] ?? '')).release).toContain(shas[2]?.slice(0, 12));
});

test('what a killed build left is removed before the next', async () => {
  const cache = temporaryCache();
  const { directory, shas } = repositoryOf([FIRST]);
  await using tree = await treeOf(directory);
  await tree.build(shas[0] ?? '');
  const [place = ''] = globSync(path.join(cache, 'kernel-trees/*/linux'));
  // As after a kill in the middle of b.o: the marker is there, and the object is newer and incomplete.
  writeFileSync(path.join(place, '../building'), '');
  execFileSync('touch', ['--date=-1 hour', path.join(place, '../building')]);
  writeFileSync(path.join(place, 'b.o'), 'torn');
  rmSync(path.join(place, 'vmlinux'));
  await tree.build(shas[0] ?? '');
  expect(compiled(tree.log)).toContain('b.o');
  expect(existsSync(path.join(place, '../building'))).toBe(false);
});

test('a tree is used by one process at a time', async () => {
  temporaryCache();
  const { directory } = repositoryOf([FIRST]);
  await using _ = await treeOf(directory);
  await expect(treeOf(directory)).rejects.toMatchObject({ code: 'NESTBENCH_TESTBED_BUSY' });
});

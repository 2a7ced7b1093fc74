import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { resolveSource } from '../git-source.ts';
import { runTool } from '../tool.ts';
import { packageRecipe, readDvh, vintageFlags } from './qemu-package.ts';
import { compileQemu } from './qemu-recipe.ts';

/** A repository of these files, on the branch v7-toy. @returns its path and its commit. */
function repository(files: Record<string, string>): { url: string; commit: string } {
  const url = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(url, name)), { recursive: true });
    writeFileSync(path.join(url, name), text, { mode: 0o755 });
  }
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', url, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words], {
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet', '--initial-branch=v7-toy');
  git('add', '--all');
  git('commit', '--quiet', '--message=toy');
  return { url, commit: git('rev-parse', 'HEAD') };
}

/** It prints help like that of a QEMU with posted interrupts, and without arguments returns 7. */
const TOY = String.raw`#include <stdio.h>
int main(int count, char **arguments)
{
	if (count == 1)
		return 7;
	puts(count == 3 ? "intel-iommu options:\n  intpost=<bool>" : "-device driver\n-display TYPE");
	return 0;
}
`;

test.each(['', 'x86_64-softmmu/'])(
  'a QEMU from git is configured, compiled with what its wrap pins, and taken from build/%s',
  async (target) => {
    temporaryCache();
    const wrapped = repository({ 'keys.c': TOY });
    const { url } = repository({
      VERSION: '7.2.0\n',
      configure: `#!/bin/sh -eu
mkdir -p x86_64-softmmu
echo "$@" >config.log
printf 'all:\\n\\tgcc -o ${target}qemu-system-x86_64 ../subprojects/keycodemapdb/keys.c\\n' >Makefile
`,
      'subprojects/keycodemapdb.wrap': `[wrap-git]\nurl = ${wrapped.url}\nrevision = ${wrapped.commit}\ndepth = 1\n`,
    });
    const directory = temporaryDirectory();
    const workplace = {
      task: 'qemu-package',
      directory,
      log: path.join(temporaryDirectory(), 'log'),
      signal: never,
    };
    const source = await resolveSource({ url, ref: 'v7-toy' }, never, () => {});
    const recipe = packageRecipe({ ...source, version: '7.2.0' }, ['--enable-kvm'], workplace);
    expect(await compileQemu(recipe, { directory, run: runTool }, workplace)).toBe('7.2.0');
    const files = ['config.log', 'intel-iommu.help', 'options.help', 'qemu-system-x86_64'];
    expect(readdirSync(directory).toSorted()).toEqual(files);
    expect(await readDvh(directory)).toEqual({ postedInterrupts: true, option: false });
    expect(readFileSync(path.join(directory, 'config.log'), 'utf8')).toBe('--enable-kvm\n');
    const run = (): Buffer => execFileSync(path.join(directory, 'qemu-system-x86_64'));
    expect(run).toThrow(expect.objectContaining({ status: 7 }));
  },
);

const never = new AbortController().signal;

/** In the format of the scripts themselves: QEMU 5.2's needs Meson. */
const CASES = '  --disable-sdl) sdl="disabled"\n  ;;\n  --disable-werror) werror="no"\n  ;;\n';

test('uses the flags of an old configure that it knows', () => {
  const flags = vintageFlags(`${CASES}  --disable-of-a-fork) fork="no"\n`);
  expect(flags).toEqual(expect.arrayContaining(['--enable-kvm', '--disable-sdl', '--disable-werror']));
  expect(flags).not.toContain('--disable-gtk');
  expect(flags).not.toContain('--disable-of-a-fork');
});

test('Python is named unless Meson selects it', () => {
  expect(vintageFlags(CASES)).toContain('--python=python3');
  expect(vintageFlags(`${CASES}  --meson=*) meson="$optarg"\n`)).not.toContain('--python=python3');
});

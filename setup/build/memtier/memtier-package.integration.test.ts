import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { buildMemtierPackage } from './memtier-package.ts';

vi.setConfig({ testTimeout: 300_000 });

const never = new AbortController().signal;

/** A repository laid out as memtier_benchmark's, with its libraries, whose program prints a version. */
const FILES: Readonly<Record<string, string>> = {
  'configure.ac': `AC_INIT([memtier_benchmark],[1.2.14])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CXX
AC_SEARCH_LIBS([pcre_compile],[pcre],,[AC_MSG_ERROR([no pcre])])
AC_SEARCH_LIBS([event_base_new],[event],,[AC_MSG_ERROR([no libevent])])
AC_SEARCH_LIBS([deflate],[z],,[AC_MSG_ERROR([no zlib])])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`,
  'Makefile.am': 'bin_PROGRAMS = memtier_benchmark\nmemtier_benchmark_SOURCES = main.cpp\n',
  'main.cpp': `#include <event2/event.h>
#include <iostream>
int main() { std::cout << "memtier_benchmark 1.2.14, libevent " << event_get_version() << std::endl; }
`,
};

test('a repository laid out as the artifact’s gives one static program, which is built once', async ({
  skip,
}) => {
  temporaryCache();
  const url = path.join(temporaryDirectory(), 'memtier');
  mkdirSync(url);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(path.join(url, name), text);
  const git = (...words: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-C', url, ...words], {
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet', '--initial-branch=master');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'one');
  const ref = git('rev-parse', 'HEAD');
  const built = await buildMemtierPackage({ url, ref }, never, console.log, 'host').catch(
    (error: unknown) => {
      // Debian 13 dropped the first PCRE.
      skip(/does not have libpcre3-dev, but a container does/.test(String(error)), String(error));
      throw error;
    },
  );
  expect(built.commit).toBe(ref);
  expect(execFileSync(built.file, { encoding: 'utf8' })).toMatch(/^memtier_benchmark 1\.2\.14, libevent 2/);
  // A static program names no loader.
  expect(execFileSync('readelf', ['--segments', built.file], { encoding: 'utf8' })).not.toContain('INTERP');
  expect(await buildMemtierPackage({ url, ref }, never, console.log, 'host')).toEqual(built);
});

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cacheDirectory } from './cache-directory.ts';
import { temporaryDirectory } from './temporary.testing.ts';
import { checkPlaces, junitFault, placeFaults, whyUnusable } from './places.ts';
import { homeDirectory } from './user.ts';
import { settleDataHome } from '../run/vitest-places.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a directory', () => {
  test('that does not exist yet can be used, and is not left behind', () => {
    const place = temporaryDirectory();
    expect(whyUnusable(path.join(place, 'a/b/c'))).toBeUndefined();
    expect(whyUnusable(place)).toBeUndefined();
    expect(readdirSync(place)).toEqual([]);
  });

  test('below a dangling link cannot', () => {
    const link = path.join(temporaryDirectory(), 'link');
    symlinkSync('/nowhere/at/all', link);
    expect(whyUnusable(path.join(link, 'a'))).toBe(`ENOENT: no such file or directory, in ${link}`);
  });

  test('below a file cannot', () => {
    const file = path.join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(whyUnusable(file)).toContain('ENOTDIR');
    expect(whyUnusable(path.join(file, 'a/b'))).toContain('ENOTDIR');
  });

  test.each(['/proc/nope', '/proc/nope/a/b', '/sys/nope'])('%s cannot, which is known at once', (name) => {
    expect(whyUnusable(name)).toMatch(/^E[A-Z]+: /);
  });
});

describe('a fault is a sentence that names the variable', () => {
  test.each([
    ['XDG_CACHE_HOME', '/proc/nope', /^Nothing can be kept in \/proc\/nope\/nestbench: ENOENT/],
    ['TMPDIR', '/nosuch', /^The directory for temporary files, \/nosuch, does not exist\./],
    ['TMPDIR', '/proc', /^Nothing can be kept in \/proc: ENOENT/],
  ])('%s=%s', (variable, value, fault) => {
    const results = temporaryDirectory();
    vi.stubEnv('XDG_CACHE_HOME', results);
    vi.stubEnv(variable, value);
    expect(placeFaults(results, undefined)).toEqual([
      { place: expect.any(String), variable, fault: expect.stringMatching(fault) },
    ]);
    expect(() => checkPlaces(results, undefined)).toThrow(`Set ${variable} to another place`);
  });

  test('a cache, or results, where no file can be locked', () => {
    const programs = temporaryDirectory();
    // As flock(1) on an NFS without a lock daemon.
    const refusing = '#!/bin/sh\necho "flock: $2: No locks available" >&2\nexit 71\n';
    writeFileSync(path.join(programs, 'flock'), refusing, { mode: 0o755 });
    vi.stubEnv('PATH', `${programs}:${process.env['PATH'] ?? ''}`);
    const place = temporaryDirectory();
    vi.stubEnv('XDG_CACHE_HOME', place);
    expect(placeFaults(place, undefined)).toEqual([
      {
        place: 'cache',
        variable: 'XDG_CACHE_HOME',
        fault: expect.stringMatching(/^No file can be locked in .*\(flock: .*: No locks available\)\.$/),
      },
      {
        place: 'results',
        variable: 'RESULTS',
        fault: expect.stringContaining(`No file can be locked in ${place},`),
      },
    ]);
    expect(readdirSync(place)).toEqual([]);
  });

  test('a cache where no program can run', () => {
    const place = temporaryDirectory();
    const script = `
      const { cacheFault } = await import(${JSON.stringify(path.join(import.meta.dirname, 'places.ts'))});
      const { readdirSync } = await import('node:fs');
      console.log(cacheFault(), readdirSync(process.env.XDG_CACHE_HOME).length);`;
    const faultWhen = (options: string): string => {
      const mount = 'mount -t tmpfs -o "$0" tmpfs "$XDG_CACHE_HOME" && exec "$@"';
      const argv = ['--mount', '--map-root-user', 'sh', '-euc', mount, options];
      const program = [process.execPath, '--input-type=module', '--eval', script];
      const env = { ...process.env, XDG_CACHE_HOME: place };
      return spawnSync('unshare', [...argv, ...program], { encoding: 'utf8', env }).stdout.trim();
    };
    expect(faultWhen('exec')).toBe('undefined 0');
    expect(faultWhen('noexec')).toBe(
      `No program can run in ${place}/nestbench: its file system is mounted noexec, and nestbench runs the programs that it builds there. 0`,
    );
  });

  test('RESULTS and JUNIT', () => {
    const place = temporaryDirectory();
    vi.stubEnv('XDG_CACHE_HOME', place);
    expect(placeFaults('/proc/nope', '/proc/nope/x.xml').map(({ variable }) => variable)).toEqual([
      'RESULTS',
      'JUNIT',
    ]);
    writeFileSync(path.join(place, 'night'), '');
    expect(placeFaults(place, undefined, 'night')).toMatchObject([{ variable: 'RESULTS' }]);
    expect(placeFaults(place, undefined, 'another')).toEqual([]);
    expect(junitFault(place)).toContain('is a directory');
    writeFileSync(path.join(place, 'file'), '');
    expect(junitFault(path.join(place, 'file', 'junit.xml'))).toContain('ENOTDIR');
    expect(junitFault(path.join(place, 'new', 'junit.xml'))).toBeUndefined();
    expect(junitFault('')).toBeUndefined();
  });
});

test.each(['', 'relative'])('HOME=%j is ignored', (home) => {
  vi.stubEnv('HOME', home);
  expect(homeDirectory()).toMatch(/^\//);
  vi.stubEnv('XDG_CACHE_HOME', 'relative');
  expect(cacheDirectory()).toBe(path.join(homeDirectory() ?? '', '.cache/nestbench'));
});

test("Vitest's token is only moved if its usual place is not writable", () => {
  const usual = { XDG_DATA_HOME: temporaryDirectory() };
  settleDataHome(usual);
  expect(readdirSync(usual.XDG_DATA_HOME)).toEqual([]);
  const unusable = { XDG_DATA_HOME: '/proc/nope' };
  settleDataHome(unusable);
  expect(unusable.XDG_DATA_HOME).toMatch(/nestbench-\d+\/data$/);
});

/** Runs as a user without an entry in /etc/passwd and without a home, as in some containers. */
function asNobodyKnown(argv: readonly string[], environment: Readonly<Record<string, string>>) {
  const identity = ['--reuid=64321', '--regid=64321', '--clear-groups'];
  const { HOME: _, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync('setpriv', [...identity, process.execPath, ...argv], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...inherited, VITEST: undefined, NODE_ENV: undefined, ...environment },
  });
  return { status, stdout, stderr };
}

/** A host with all packages, on which this user has no subordinate ids and no engine answers. */
function withoutIds(): Readonly<Record<string, string>> {
  const programs = temporaryDirectory();
  chmodSync(programs, 0o755);
  for (const [name, does] of [
    ['dpkg-query', 'for name; do echo "installed $name"; done'],
    [
      'unshare',
      'case "$*" in *--map-auto*) echo "unshare: no line matching user" >&2; exit 1 ;; esac; exec /usr/bin/unshare "$@"',
    ],
  ] as const) {
    writeFileSync(path.join(programs, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  }
  return {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  };
}

const canRead = spawnSync('setpriv', ['--reuid=64321', '--clear-groups', 'test', '-r', import.meta.filename]);

describe.skipIf(canRead.status !== 0)('a user without an entry in /etc/passwd', () => {
  test('plans', () => {
    const { status, stderr } = asNobodyKnown(['scripts/plan.ts', 'l1-baseline'], {});
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('learns from the doctor that there is no place for the cache', () => {
    const { status, stdout } = asNobodyKnown(['scripts/doctor.ts'], {});
    expect(status).toBe(1);
    expect(stdout).toMatch(/cache +WRONG +There is no place for the cache: this user has no home directory/);
    expect(stdout).toContain('set XDG_CACHE_HOME to another place');
  });

  test('learns from the doctor that it has no subordinate ids, if no engine answers', () => {
    const { stdout } = asNobodyKnown(['scripts/doctor.ts'], withoutIds());
    expect(stdout).toMatch(/packages +WRONG +neither/);
    expect(stdout).toContain('This user has no entry in /etc/passwd, and so no subordinate ids');
  });

  test("lists the benchmarks from a checkout that it can't write to, with a umask of 077", () => {
    const place = temporaryDirectory();
    chmodSync(place, 0o777);
    const list = ['node_modules/vitest/vitest.mjs', 'list', '--configLoader=runner', 'suites/l2'];
    const before = process.umask(0o077);
    try {
      const { status, stdout, stderr } = asNobodyKnown(list, { TMPDIR: place });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('[l2-baseline] suites/l2/l2.test.ts > hackbench');
    } finally {
      process.umask(before);
    }
  });

  test('learns from a run that there is no place for the cache, and gets past that once it has one', () => {
    const place = temporaryDirectory();
    chmodSync(place, 0o777);
    mkdirSync(path.join(place, 'temporary'));
    chmodSync(path.join(place, 'temporary'), 0o777);
    const run = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader=runner', '--project', 'l2-dvh'];
    const environment = {
      ...withoutIds(),
      RESULTS: path.join(place, 'results'),
      TMPDIR: path.join(place, 'temporary'),
    };
    expect(asNobodyKnown(run, environment).stderr).toContain(
      'There is no place for the cache: this user has no home directory',
    );
    const { stderr } = asNobodyKnown(run, { ...environment, XDG_CACHE_HOME: path.join(place, 'cache') });
    expect(stderr).toMatch(
      /^The guests' files have to be owned by root.* This user has no entry in \/etc\/passwd/m,
    );
  });
});

test("Vitest's own data is in a folder that only this user can write to, with any umask", () => {
  vi.stubEnv('TMPDIR', temporaryDirectory());
  const environment: NodeJS.ProcessEnv = { XDG_DATA_HOME: '/proc/nope' };
  const before = process.umask(0);
  try {
    settleDataHome(environment);
    mkdirSync(environment['XDG_DATA_HOME'] ?? '', { recursive: true });
  } finally {
    process.umask(before);
  }
  expect(statSync(path.dirname(environment['XDG_DATA_HOME'] ?? '')).mode & 0o777).toBe(0o700);
});

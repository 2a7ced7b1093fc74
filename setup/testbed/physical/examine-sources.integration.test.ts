import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { parseTestbed } from './testbed-file.ts';
import { examineBuilder, examineSources, sourcesOf } from './examine-sources.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;

function described(software: string) {
  return parseTestbed(
    `client: { ssh: c, interface: eno2 }\nserver: { ssh: s, interface: eno2 }\nbuilder: host\nsoftware: ${software}\n`,
    'testbed.yaml',
  );
}

/** A repository with one commit on the branch v1-a, which is tagged v1. Its files are those of a current Linux. */
function repository(
  files: Readonly<Record<string, string>> = { Makefile: 'VERSION = 6\nPATCHLEVEL = 12\n' },
): { url: string; commit: string } {
  const url = path.join(temporaryDirectory(), 'source');
  mkdirSync(url);
  const git = (...words: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-C', url, ...words], {
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet', '--initial-branch=v1-a');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(url, name), text);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'one');
  git('tag', 'v1');
  return { url, commit: git('rev-parse', 'HEAD') };
}

test('the paper’s are its four kernels and two QEMUs, each once', () => {
  expect(sourcesOf(described('paper')).map(({ ref }) => ref)).toEqual([
    'v4.18-base',
    'v3.1.0-base',
    'v4.18-dvh-L0-asplos',
    'v3.1.0-dvh',
    'v4.18-dvh-basic-asplos',
    'v4.18-dvh-full-asplos',
  ]);
});

test('if nothing is built there is nothing to check', async () => {
  expect(await examineSources(described('installed'), never)).toEqual([]);
});

test('branches, tags and commits of a repository that answers are right, and nothing is downloaded', async () => {
  const cache = temporaryCache();
  const { url, commit } = repository();
  const kernel = (ref: string): string => `{ kernel: { url: ${url}, ref: ${ref} } }`;
  const findings = await examineSources(
    described(`{ l0: ${kernel('v1-a')}, l1: ${kernel('v1')}, l2: ${kernel(commit)} }`),
    never,
  );
  expect(findings.map(({ verdict, found }) => [verdict, found])).toEqual([
    ['right', `v1-a of ${url}: ${commit.slice(0, 12)}`],
    ['right', `v1 of ${url}: ${commit.slice(0, 12)}`],
    ['right', `${commit} of ${url}: the repository answers`],
    ['right', 'nothing is missing in 3 sources'],
    ['right', expect.stringMatching(/^this host: gcc \d/)],
  ]);
  expect(existsSync(cache)).toBe(false);
});

test('a compiler that is too new for a kernel of known version is reported before a download', async () => {
  expect(await examineBuilder(described('paper'), never)).toMatchObject({
    check: 'builder',
    verdict: 'wrong',
    found: expect.stringMatching(/^this host: gcc 1\d/),
    fix: expect.stringMatching(/^Linux 4\.18 does not boot when GCC 1\d/),
  });
});

test('a missing ref and a missing repository are reported with how to fix them', async () => {
  temporaryCache();
  const { url } = repository();
  const findings = await examineSources(
    described(
      `{ l0: { kernel: { url: ${url}, ref: v2 } }, l1: { kernel: { url: /nowhere/linux, ref: v1-a } } }`,
    ),
    never,
  );
  expect(findings.slice(0, 2).map(({ verdict, fix }) => [verdict, fix])).toEqual([
    ['wrong', 'It answers, and has no branch or tag v2.'],
    ['wrong', expect.stringMatching(/^It can't be reached\. git says: .*\/nowhere\/linux/s)],
  ]);
});

test('what would end a run after an hour of building is read from single files', async () => {
  const cache = temporaryCache();
  const linux = repository({ Makefile: 'VERSION = 4\nPATCHLEVEL = 18\n' }).url;
  const qemu = repository({ VERSION: '3.1.0\n' }).url;
  const findings = await examineSources(
    described(
      `{ l0: { kernel: { url: ${linux}, ref: v1, defconfig: my_defconfig }, qemu: { url: ${qemu}, ref: v1 } } }`,
    ),
    never,
  );
  const files = findings.filter(({ check }) => check === 'source files');
  expect(files.map(({ verdict, found }) => [verdict, found])).toEqual([
    ['wrong', expect.stringMatching(/^Linux 4\.18 does not boot when GCC 1\d/)],
    ['wrong', `v1 of ${linux} has no configuration my_defconfig for x86`],
    [
      'some cells',
      expect.stringMatching(
        /^The testbed file asks for QEMU 3\.1\.0 on l0, which can't start .* \(l1-baseline, /,
      ),
    ],
  ]);
  expect(existsSync(cache)).toBe(false);
});

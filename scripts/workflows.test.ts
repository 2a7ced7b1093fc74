/**
 * The workflows of .github, which only GitHub can run: parsed by GitHub's own parser, and checked against this
 * repository.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDER = path.join(ROOT, '.github/workflows');

const workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  env: z.record(z.string(), z.string()).default({}),
  jobs: z.record(
    z.string(),
    z.object({
      'timeout-minutes': z.number(),
      steps: z.array(
        z.object({
          uses: z.string().optional(),
          run: z.string().optional(),
          env: z.record(z.string(), z.string()).default({}),
          with: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    }),
  ),
});

const packageJson = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));

/** The errors of GitHub's parser. */
function errorsIn(content: string): string[] {
  const { context } = parseWorkflow({ name: 'x.yml', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

describe.each(readdirSync(FOLDER))('%s', (name) => {
  const text = readFileSync(path.join(FOLDER, name), 'utf8');
  const read = workflow.parse(parse(text, { merge: true }));
  const steps = Object.values(read.jobs).flatMap((job) => job.steps);
  const runs = steps.flatMap(({ run }) => run ?? []);

  test("is valid for GitHub's own parser", () => {
    expect(errorsIn(text)).toEqual([]);
    // Proves that the parser finds errors: a job has no such key.
    expect(errorsIn(text.replace('timeout-minutes', 'timeout-minuets'))).toEqual([
      expect.stringContaining('timeout-minuets'),
    ]);
  });

  test('pins every action to a commit, and names its version', () => {
    const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('may only read unless a job says why it needs more, and has a time limit for every job', () => {
    expect(read.permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(read.jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  test('uploads under one name in every attempt, so that failed jobs can be run again alone', () => {
    // A run's artifacts are those of all its attempts, and an upload under an existing name fails.
    const uploads = steps.filter(({ uses }) => uses?.startsWith('actions/upload-artifact@'));
    for (const { with: its } of uploads) {
      expect(its).toMatchObject({ overwrite: true, name: expect.not.stringContaining('run_attempt') });
    }
    expect(read.env['EXPERIMENT'] ?? '').not.toContain('run_attempt');
  });

  test('runs scripts that a shell can parse', () => {
    expect(runs.length).toBeGreaterThan(0);
    for (const run of runs) {
      // GitHub replaces its expressions by values before a shell sees them.
      const script = run.replaceAll(/\$\{\{[^}]*\}\}/g, 'value');
      expect(() => execFileSync('bash', ['-n'], { input: script, stdio: 'pipe' })).not.toThrow();
    }
  });

  test('hashes files that exist: for a pattern without a match GitHub hashes nothing, without a word', () => {
    const patterns = [...text.matchAll(/hashFiles\(([^)]*)\)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/'([^']+)'/g)].map(([, glob = '']) => glob),
    );
    expect(patterns.filter((glob) => globSync(glob, { cwd: ROOT }).length === 0)).toEqual([]);
  });

  test('calls existing scripts', () => {
    const called = runs.flatMap((run) =>
      [...run.matchAll(/npm run (?:--silent )?(\S+)/g)].map(([, script = '']) => script),
    );
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(called));
    const files = runs.flatMap((run) =>
      [...run.matchAll(/^\s*(\.\S+\/\S+)$/gm)].map(([, file = '']) => file),
    );
    for (const file of files) expect(readFileSync(path.join(ROOT, file), 'utf8')).toMatch(/^#!/);
  });
});

test('the nightly workflow caches the file that it exports and imports, under a key of everything that affects its contents', () => {
  const text = readFileSync(path.join(FOLDER, 'nightly.yml'), 'utf8');
  const { jobs } = workflow.parse(parse(text, { merge: true }));
  for (const steps of [jobs['build']?.steps, jobs['measure']?.steps]) {
    const { path: file, key } = steps?.find(({ uses }) => uses?.startsWith('actions/cache@'))?.with ?? {};
    expect(steps?.some(({ run }) => run?.includes(`npm run cache -- import ${String(file)}`))).toBe(true);
    expect(key).toContain("hashFiles('setup/build/**', 'setup/testbed/emulated/tsc.*', 'fixtures/**')");
  }
  expect(text).toContain('npm run cache -- export --with-toolchain --force /root/nestbench.tar.zst');
});

test('the nightly workflow names its accelerator, so that no two nights differ in it by chance', () => {
  const { env } = workflow.parse(
    parse(readFileSync(path.join(FOLDER, 'nightly.yml'), 'utf8'), { merge: true }),
  );
  expect(env['ACCELERATOR']).toBe("${{ inputs.accelerator || 'tcg' }}");
});

test('every job of CI that boots machines names its accelerator: some runners have /dev/kvm, some do not', () => {
  const { jobs } = workflow.parse(parse(readFileSync(path.join(FOLDER, 'ci.yml'), 'utf8'), { merge: true }));
  for (const { steps } of Object.values(jobs)) {
    const boots = steps.filter(({ run }) => /vitest run|\.ci\/run/.test(run ?? ''));
    expect(boots.map(({ env }) => env['ACCELERATOR'])).toEqual(['tcg']);
  }
});

test('CI runs what README names on every distribution in the table of docs/hosts.md', () => {
  const text = readFileSync(path.join(FOLDER, 'ci.yml'), 'utf8');
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [, packages = ''] = /apt-get install --no-install-recommends (git .*)/.exec(readme) ?? [];
  expect(text).toContain(`--no-install-recommends ${packages}`);
  expect(text).toContain('sysctl kernel.apparmor_restrict_unprivileged_userns=0');
  for (const image of ['debian:12', 'fedora:']) expect(text).toContain(`image: ${image}`);
  expect(text).toContain('npx vitest run suites/l2 --project l2-baseline -t hackbench');
});

test('the container has the packages that README names, and the development container uses it', () => {
  const file = readFileSync(path.join(ROOT, 'Containerfile'), 'utf8');
  const [, packages = ''] =
    /apt-get install --no-install-recommends (git .*)/.exec(
      readFileSync(path.join(ROOT, 'README.md'), 'utf8'),
    ) ?? [];
  for (const name of packages.split(' ')) expect(file).toMatch(new RegExp(`\\s${RegExp.escape(name)}\\s`));
  const folder = path.join(ROOT, '.devcontainer');
  const { build, runArgs, remoteUser } = z
    .object({ build: z.record(z.string(), z.string()), runArgs: z.array(z.string()), remoteUser: z.string() })
    .parse(JSON.parse(readFileSync(path.join(folder, 'devcontainer.json'), 'utf8')));
  expect(path.resolve(folder, build['dockerfile'] ?? '')).toBe(path.join(ROOT, 'Containerfile'));
  expect(runArgs).toContain('--privileged');
  expect(file).toContain(`useradd --create-home --uid 1000 --shell /bin/bash ${remoteUser} `);
});

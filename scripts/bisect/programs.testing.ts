/** Tiny repositories, and steps that are two small programs: one builds a "kernel", one measures it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { Outcome, StepWork } from './measure-commit.ts';

/** A commit's kernel is a shell script that prints the costs in a cell, `$1`. */
export interface TinyCommit {
  readonly subject: string;
  readonly kernel: string;
}

const SOMEBODY = ['-c', 'user.name=Some Body', '-c', 'user.email=some@body.example'];

/**
 * The hash of a commit depends on its date, and git orders commits that it ranks alike by their hashes. With this date a
 * search comes by both commits that are skipped.
 */
const DATE = '2026-01-01T12:00:00Z';

export function git(directory: string, ...words: string[]): string {
  const env = { ...process.env, GIT_AUTHOR_DATE: DATE, GIT_COMMITTER_DATE: DATE };
  return execFileSync('git', [...SOMEBODY, '-C', directory, ...words], { encoding: 'utf8', env }).trim();
}

/** Adds a commit to the branch that is checked out. */
export function commit(directory: string, { subject, kernel }: TinyCommit): string {
  const folder = path.join(directory, 'arch/x86/kvm');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'kernel.sh'), `# ${subject}\n${kernel}`);
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', subject);
  return git(directory, 'rev-parse', 'HEAD');
}

export function repository(directory: string, commits: readonly TinyCommit[]): string[] {
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '--quiet', '--initial-branch=main');
  return commits.map((one) => commit(directory, one));
}

export function costing(costs: Readonly<Record<string, number>>): string {
  return Object.entries(costs)
    .map(([benchmark, cost]) => `echo ${benchmark} ${cost}\n`)
    .join('');
}

async function run(script: string, words: readonly string[]) {
  return execa('sh', ['-euc', script, 'sh', ...words], { reject: false });
}

/** @param log gets a line for each program that is started. */
export function programs(repositoryDirectory: string, directory: string, log: string): StepWork {
  const file = path.join(directory, 'kernel');
  const refused = ({ stderr }: { stderr: string }): Outcome<never> => ({ ok: false, reason: stderr, log });
  return {
    async build(sha) {
      const built = await run(
        'echo "build $2" >>"$4"; git -C "$1" show "$2:arch/x86/kvm/kernel.sh" >"$3"; sh -n "$3"',
        [repositoryDirectory, sha, file, log],
      );
      return built.exitCode === 0
        ? { ok: true, value: { release: `1.0-${sha.slice(0, 12)}`, leftOut: [], vmlinux: file } }
        : refused(built);
    },
    async measure({ vmlinux }, _commit, cell) {
      const said = await run('echo "measure $2" >>"$3"; sh "$1" "$2"', [vmlinux, cell, log]);
      if (said.exitCode !== 0) return refused(said);
      const lines = said.stdout.split('\n').map((line) => line.split(' '));
      const costs = Object.fromEntries(lines.map(([benchmark = '', cost]) => [benchmark, Number(cost)]));
      return { ok: true, value: { unit: 'instructions', costs } };
    },
  };
}

/**
 * `npm run bisect` over 15 commits of a real kernel: one slows exits of nested guests, one makes exits of L1 faster, one
 * does not build, two do not boot. It is stopped twice, and continues. Half an hour, most of it for the first build.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type BisectFile, bisectFile, type KernelStep } from '../../../fixtures/kernel-steps.ts';
import { changesBetween, type CostChange } from '../../../reporters/analysis/kernel-changes.ts';
import { temporaryDirectory } from '../../../setup/lib/temporary.testing.ts';
import { waitUntil } from '../../../setup/lib/wait.ts';
import { REPOSITORY } from '../run.testing.ts';
import { kernelHistory, SUBJECTS } from './kernel-history.testing.ts';

const never = new AbortController().signal;
const HOUR_SECONDS = 3600;

const stepNames = ({ steps }: BisectFile): string[] => steps.map(({ commit, cell }) => `${commit} ${cell}`);

test(
  'finds both changes, skips what does not build or boot, and continues after Ctrl-C and a kill',
  async () => {
    const repository = await kernelHistory(never);
    const results = temporaryDirectory();
    const state = path.join(results, 'proof', 'bisect.json');
    const read = (): BisectFile => bisectFile.parse(JSON.parse(readFileSync(state, 'utf8')));
    const start = (...words: string[]) =>
      execa(process.execPath, ['scripts/bisect.ts', ...words, '--name', 'proof'], {
        cwd: REPOSITORY,
        env: { RESULTS: results, NO_COLOR: '1' },
        reject: false,
        all: true,
      });
    const stepsAre = (count: number, by: ReturnType<typeof start>): Promise<boolean> =>
      Promise.race([
        by.then(({ all }): never => {
          throw new Error(`The bisection ended early: ${all}`);
        }),
        waitUntil(
          `${count} steps of the bisection`,
          () => (existsSync(state) && read().steps.length >= count ? true : undefined),
          { machine: 'host', deadlineSeconds: HOUR_SECONDS, intervalMs: 500, signal: never },
        ),
      ]);

    const ends = ['--repository', repository, '--good', 'first', '--bad', 'last'];
    const first = start(...ends, '--cell', 'l2-baseline', '--benchmark', 'hypercall');
    await stepsAre(1, first);
    first.kill('SIGINT');
    expect((await first).all).toContain('npm run bisect -- --continue goes on');
    const afterCtrlC = read();

    const second = start('--continue');
    await stepsAre(3, second);
    second.kill('SIGKILL');
    await second;
    const afterKill = read();
    expect(stepNames(afterKill).slice(0, afterCtrlC.steps.length)).toEqual(stepNames(afterCtrlC));

    const { exitCode, all } = await start('--continue');
    expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
    const { found = [], steps } = read();
    // What was measured before was not measured again.
    expect(steps.slice(0, afterKill.steps.length)).toEqual(afterKill.steps);
    expect(new Set(stepNames(read())).size).toBe(steps.length);

    expect(found.map(({ commits }) => commits.map(({ subject }) => subject))).toEqual([
      [SUBJECTS.faster],
      [SUBJECTS.slower],
    ]);
    const [faster = [], slower = []] = found.map(({ before, after }) => changesBetween(steps, before, after));
    expect(changeIn(faster, 'l1-baseline')).toBeLessThan(-0.03);
    expect(changeIn(faster, 'l2-baseline')).toBeLessThan(-0.01);
    expect(Math.abs(changeIn(slower, 'l1-baseline'))).toBeLessThan(0.01);
    expect(changeIn(slower, 'l2-baseline')).toBeGreaterThan(0.03);
    expect(changeIn(slower, 'l3-baseline')).toBeGreaterThan(0.03);
    expect(found.flatMap(({ commits }) => commits.flatMap(({ files }) => files))).toEqual([
      'arch/x86/kvm/svm/svm.c',
      'arch/x86/kvm/svm/svm.c',
    ]);

    expect(reasonFor(steps, SUBJECTS.unbuildable)).toMatch(/svm\.c:\d+:\d+: error: /);
    // It panics before the kernel has a console.
    expect(reasonFor(steps, SUBJECTS.unbootable)).toContain('a kernel that panics before it has a console');
    expect(readFileSync(path.join(results, 'proof', 'bisect.html'), 'utf8')).toContain(SUBJECTS.slower);
  },
  2 * HOUR_SECONDS * 1000,
);

function changeIn(changes: readonly CostChange[], cell: string): number {
  return changes.find((change) => change.cell === cell)?.change ?? Number.NaN;
}

function reasonFor(steps: readonly KernelStep[], subject: string): string | undefined {
  return steps.flatMap((step) =>
    step.state === 'skipped' && step.subject === subject ? [step.reason] : [],
  )[0];
}

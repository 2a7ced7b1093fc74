/** A bisection and a series as their files have them, for tests of what is made of them. */
import type { BisectFile, Costs, KernelStep, SeriesFile } from '../../fixtures/kernel-steps.ts';

/** The commit at a place of the history. */
export function sha(position: number): string {
  return position.toString(16).padStart(4, '0').padEnd(40, 'c');
}

function place(position: number, cell: string) {
  return {
    at: '2026-01-01T00:00:00.000Z',
    commit: sha(position),
    subject: `change ${position}`,
    position,
    cell,
  };
}

export function measured(position: number, cell: string, costs: Costs): KernelStep {
  return {
    state: 'measured',
    ...place(position, cell),
    release: `6.12.0-nestbench-${sha(position).slice(0, 12)}`,
    leftOut: [],
    unit: 'instructions',
    costs,
    seconds: { build: 20, measure: 40 },
  };
}

export function skipped(position: number, during: 'build' | 'measurement', reason: string): KernelStep {
  return {
    state: 'skipped',
    ...place(position, 'l2-baseline'),
    during,
    reason,
    log: 'logs/x.log',
    seconds: 9,
  };
}

export function bisection(changes: Partial<BisectFile> = {}): BisectFile {
  return {
    kind: 'bisect',
    plan: {
      repository: '/home/me/linux',
      suite: 'trixie',
      benchmarks: ['hypercall'],
      good: { name: 'v6.6', commit: sha(0) },
      bad: { name: 'v6.12', commit: sha(13) },
      cell: 'l2-baseline',
      any: false,
      threshold: 0.01,
    },
    startedAt: '2026-01-01T00:00:00.000Z',
    steps: [
      measured(0, 'l2-baseline', { hypercall: 14_155 }),
      measured(13, 'l2-baseline', { hypercall: 14_940 }),
      skipped(6, 'build', 'svm.c:5661: error: "this" <undeclared>\nmore'),
      skipped(7, 'measurement', 'L0 panicked: Attempted to kill init'),
      measured(9, 'l2-baseline', { hypercall: 14_160 }),
      measured(10, 'l2-baseline', { hypercall: 14_950 }),
      measured(9, 'l1-baseline', { hypercall: 2283 }),
      measured(9, 'l3-baseline', { hypercall: 49_964 }),
      measured(10, 'l1-baseline', { hypercall: 2283 }),
      measured(10, 'l3-baseline', { hypercall: 53_100 }),
    ],
    found: [
      {
        commits: [
          {
            commit: sha(10),
            parents: [sha(9)],
            author: 'Some Body <some@body.example>',
            date: '2026-01-01',
            subject: 'change 10',
            files: ['arch/x86/kvm/svm/svm.c'],
          },
        ],
        before: sha(9),
        after: sha(10),
        isSmall: false,
      },
    ],
    ...changes,
  };
}

/** Three kernels, of which the one in the middle does not build. */
export function seriesOf(changes: Partial<SeriesFile> = {}): SeriesFile {
  return {
    kind: 'series',
    plan: {
      repository: '/home/me/linux',
      suite: 'trixie',
      revisions: ['v6.1', 'v6.12', 'v7.3'].map((name, position) => ({ name, commit: sha(position) })),
      cells: ['l1-baseline', 'l2-baseline'],
      benchmarks: ['hypercall', 'cpuid'],
    },
    startedAt: '2026-01-01T00:00:00.000Z',
    steps: [
      measured(0, 'l1-baseline', { hypercall: 2200, cpuid: 2000 }),
      measured(0, 'l2-baseline', { hypercall: 13_000, cpuid: 12_000 }),
      skipped(1, 'build', 'svm.c:1: error: x\nmore'),
      measured(2, 'l1-baseline', { hypercall: 2283, cpuid: 2000 }),
      measured(2, 'l2-baseline', { hypercall: 14_155, cpuid: 11_000 }),
    ],
    ...changes,
  };
}

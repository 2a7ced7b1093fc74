import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { CELLS } from './fixtures/matrix.ts';

/** Boots and series have deadlines of their own; these only must never be the first to pass. */
const DAY_MS = 86_400_000;

/** A cell is a project: its stack is booted in a worker of its own, and cells never overlap (groupOrder). */
const cells: TestProjectInlineConfiguration[] = CELLS.map((cell, index) => ({
  test: {
    name: cell.name,
    include: [`suites/l${cell.level}/*.test.ts`],
    provide: { cell },
    sequence: { groupOrder: index + 1 },
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    execArgv: ['--import', `${import.meta.dirname}/suites/ignore-interrupt.ts`],
    runner: './suites/runner.ts',
    testTimeout: DAY_MS,
    hookTimeout: DAY_MS,
    teardownTimeout: 60_000,
  },
}));

export default defineConfig({
  test: {
    // A bare `npx vitest` must not boot a stack at every change of a file.
    watch: false,
    globalSetup: ['setup/global-setup.ts'],
    reporters: [['default', { summary: false }], './reporters/experiment.ts', './reporters/progress.ts'],
    // Ending a stack, in order, after a Ctrl-C.
    teardownTimeout: 60_000,
    projects: [
      ...cells,
      {
        test: {
          name: 'unit',
          globalSetup: ['setup/unit-setup.ts'],
          include: ['{fixtures,setup,reporters,scripts,suites}/**/*.test.ts'],
          exclude: ['suites/l?/**', '**/*.end-to-end.test.ts'],
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'end-to-end',
          globalSetup: ['setup/unit-setup.ts'],
          include: ['{setup,reporters,suites,scripts}/**/*.end-to-end.test.ts'],
          sequence: { groupOrder: CELLS.length + 1 },
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});

import { enableCompileCache } from 'node:module';
import { defineConfig, type Plugin, type TestProjectInlineConfiguration } from 'vitest/config';
import { CELLS } from './fixtures/matrix.ts';
import { checkoutFault } from './setup/lib/checkout-path.ts';
import { junitFault } from './setup/lib/places.ts';
import { settleDataHome, viteCache } from './setup/run/vitest-places.ts';
import { EMULATED, testbedName } from './setup/run/testbed-name.ts';
import CellSequencer from './setup/run/sequencer.ts';

/** Boots and series have deadlines of their own; these only must never be the first to pass. */
const DAY_MS = 86_400_000;

/** The configuration is not told of the command line's own options. */
const isShard = process.argv.some((word) => word.startsWith('--shard'));

const fault = checkoutFault(import.meta.dirname);
if (fault !== undefined) {
  console.error(fault);
  process.exit(1);
}
settleDataHome(process.env);

/** Where no file can be written there, Vitest would end with a stack trace; the global setup says it in a sentence. */
const junitFile = junitFault(process.env['JUNIT']) === undefined ? process.env['JUNIT'] : undefined;

/** A cell is a suite there, as every cell of a level is the same file. */
function junit(outputFile: string): [string, Record<string, unknown>] {
  return ['junit', { outputFile, suiteNameTemplate: '{displayName}', classnameTemplate: '{displayName}' }];
}

/** What makes the results, and what a run was asked for by other means than `--reporter`. */
const ownReporters: [string, Record<string, unknown>][] = [
  ['./reporters/experiment.ts', {}],
  ['./reporters/progress.ts', {}],
  // For CI systems that read JUnit: where JUNIT says.
  ...(junitFile === undefined || junitFile === '' ? [] : [junit(junitFile)]),
  // What --merge-reports reads; a merge itself may have no such reporter.
  ...(isShard ? ([['blob', {}]] satisfies [string, object][]) : []),
];

/** Vitest replaces the configuration's reporters by those of the command line; ours are put back beside them. */
const keepReporters: Plugin = {
  name: 'nestbench:keep-reporters',
  configureVitest({ vitest }) {
    const { reporters } = vitest.config;
    const names = new Set(reporters.map((reporter) => (Array.isArray(reporter) ? reporter[0] : undefined)));
    reporters.push(...ownReporters.filter(([name]) => !names.has(name)));
  },
};

const testbed = testbedName(process.env['TESTBED']);

/** In the matrix's order, or as suits a physical testbed; reading its file takes modules that nobody else waits for. */
const ordered =
  testbed === EMULATED ? CELLS : (await import('./setup/testbed/physical/order.ts')).orderedCells(testbed);

/**
 * What is no test is imported by Node itself, which keeps what it compiled, here and in the workers. (Measured, L2 warm: the
 * global setup began after 0.6 s in place of 1.0, and its worker's tests 0.6 s after it was started in place of 1.1.)
 */
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/node`;
enableCompileCache(process.env['NODE_COMPILE_CACHE']);
const byNode: TestProjectInlineConfiguration['test'] = {
  server: {
    deps: {
      external: [new RegExp(String.raw`^${RegExp.escape(import.meta.dirname)}/(fixtures|setup|reporters)/`)],
    },
  },
};

/** A cell is a project: its stack is booted in a worker of its own, and cells never overlap (groupOrder). */
const cells: TestProjectInlineConfiguration[] = ordered.map((cell, index) => ({
  plugins: [keepReporters],
  test: {
    ...byNode,
    name: cell.name,
    include: [
      `suites/l${cell.level}/*.test.ts`,
      ...(cell.configuration === 'baseline' && cell.level > 0 ? [`suites/micro/l${cell.level}.test.ts`] : []),
    ],
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

/** Two machines with disks of their own, kernels and QEMUs from git: half an hour, and as much again for the first builds. */
const LONG = 'scripts/end-to-end/physical/*.test.ts';
const endToEnd: TestProjectInlineConfiguration['test'] = {
  fileParallelism: false,
  testTimeout: 1_800_000,
  hookTimeout: 1_800_000,
};

export default defineConfig({
  cacheDir: viteCache(import.meta.dirname),
  test: {
    ...byNode,
    // A bare `npx vitest` must not boot a stack at every change of a file.
    watch: false,
    globalSetup: ['setup/global-setup.ts'],
    reporters: [['default', { summary: false }], ...ownReporters],
    sequence: { sequencer: CellSequencer },
    // Ending a stack, in order, after a Ctrl-C.
    teardownTimeout: 60_000,
    projects: [
      ...cells,
      {
        // Vite would warn of each source map that the module below names and does not bring.
        logLevel: 'error',
        test: {
          name: 'unit',
          include: ['{fixtures,setup,reporters,scripts}/**/*.test.ts'],
          exclude: ['**/*.{integration,end-to-end}.test.ts'],
          // It imports JSON as bundlers do, and not as Node does.
          server: { deps: { inline: ['@actions/workflow-parser'] } },
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          globalSetup: ['setup/toolchain-setup.ts'],
          include: ['{setup,reporters,scripts}/**/*.integration.test.ts'],
          sequence: { groupOrder: CELLS.length + 1 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'end-to-end',
          globalSetup: ['setup/toolchain-setup.ts'],
          include: ['{setup,reporters,scripts}/**/*.end-to-end.test.ts'],
          exclude: [LONG],
          sequence: { groupOrder: CELLS.length + 2 },
          ...endToEnd,
        },
      },
      {
        test: {
          name: 'long',
          globalSetup: ['setup/toolchain-setup.ts'],
          include: [LONG],
          sequence: { groupOrder: CELLS.length + 3 },
          ...endToEnd,
        },
      },
    ],
  },
});

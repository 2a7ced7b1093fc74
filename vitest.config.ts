// First, because it may run all this by another Node.
// oxlint-disable-next-line import/no-unassigned-import
import './setup/lib/current-node.js';
import module from 'node:module';
import { defineConfig, type Plugin, type TestProjectInlineConfiguration } from 'vitest/config';
import { BREAKDOWN_SUITE, type Cell, CELLS, hasMicrobenchmarks } from './fixtures/matrix.ts';
import { checkoutFault } from './setup/lib/checkout-path.ts';
import { junitFault } from './setup/lib/places.ts';
import { asksForBreakdown, mixedSuitesFault } from './setup/run/breakdown-words.ts';
import { settleDataHome, viteCache } from './setup/run/vitest-places.ts';
import { EMULATED, testbedName } from './setup/run/testbed-name.ts';
import { onUnhandledError } from './setup/run/lost-worker.ts';
import CellSequencer from './setup/run/sequencer.ts';

/** Boots and series have their own deadlines. These must never be the first to expire. */
const DAY_MS = 86_400_000;

/** The configuration does not get the command line's options. */
const isShard = process.argv.some((word) => word.startsWith('--shard'));

const words = process.argv.slice(2);
const fault = checkoutFault(import.meta.dirname) ?? mixedSuitesFault(words);
if (fault !== undefined) {
  console.error(fault);
  process.exit(1);
}
settleDataHome(process.env);

/** If no file can be written there, Vitest would end with a stack trace. The global setup reports it in a sentence. */
const junitFile = junitFault(process.env['JUNIT']) === undefined ? process.env['JUNIT'] : undefined;

/** Names each suite after its cell, because every cell of a level is the same file. */
function junit(outputFile: string): [string, Record<string, unknown>] {
  return ['junit', { outputFile, suiteNameTemplate: '{displayName}', classnameTemplate: '{displayName}' }];
}

/** The reporters that write the results, and those that are enabled by other means than `--reporter`. */
const ownReporters: [string, Record<string, unknown>][] = [
  ['./reporters/experiment.ts', {}],
  ['./reporters/progress.ts', {}],
  // For CI systems that read JUnit: JUNIT names the file.
  ...(junitFile === undefined || junitFile === '' ? [] : [junit(junitFile)]),
  // Read by --merge-reports. A merge itself must not have this reporter.
  ...(isShard ? ([['blob', {}]] satisfies [string, object][]) : []),
];

/** Vitest replaces the configuration's reporters by those of the command line; this adds nestbench's own again. */
const keepReporters: Plugin = {
  name: 'nestbench:keep-reporters',
  configureVitest({ vitest }) {
    const { reporters } = vitest.config;
    const names = new Set(reporters.map((reporter) => (Array.isArray(reporter) ? reporter[0] : undefined)));
    reporters.push(...ownReporters.filter(([name]) => !names.has(name)));
  },
};

const testbed = testbedName(process.env['TESTBED']);

/** Otherwise the breakdown of dvh has no projects. */
const isBreakdown = asksForBreakdown(words);

/** In the matrix's order, or in that of a physical testbed. Reading its file takes modules that nothing else needs. */
async function orderedCells(): Promise<readonly Cell[]> {
  if (isBreakdown) return BREAKDOWN_SUITE;
  return testbed === EMULATED
    ? CELLS
    : (await import('./setup/testbed/physical/order.ts')).orderedCells(testbed);
}

function suitesOf(cell: Cell): string[] {
  if (isBreakdown) return ['suites/breakdown/*.test.ts'];
  const { level } = cell;
  const micro = hasMicrobenchmarks(cell) ? [`suites/micro/l${level}.test.ts`] : [];
  return [`suites/l${level}/*.test.ts`, ...micro];
}

/**
 * Modules that are not tests are imported by Node itself, which caches what it compiled, here and in the workers.
 * (Measured, L2 warm: the global setup began after 0.6 s instead of 1.0, and the tests 0.6 s after their worker started
 * instead of 1.1.)
 */
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/node`;
module.enableCompileCache(process.env['NODE_COMPILE_CACHE']);
const byNode: TestProjectInlineConfiguration['test'] = {
  server: {
    deps: {
      external: [new RegExp(String.raw`^${RegExp.escape(import.meta.dirname)}/(fixtures|setup|reporters)/`)],
    },
  },
};

/**
 * Without plugins or options of Vite: for each project that has some, Vitest bundles and loads this file again. (Measured,
 * with a plugin in every cell: 2.6 s of CPU time to list the tests of one cell, and 1.5 s without.)
 */
type Project = Pick<TestProjectInlineConfiguration, 'test'>;

/** A cell is a project: its stack boots in its own worker, and cells never overlap (groupOrder). */
const cells: Project[] = (await orderedCells()).map((cell, index) => ({
  test: {
    ...byNode,
    name: cell.name,
    include: suitesOf(cell),
    provide: { cell },
    sequence: { groupOrder: index + 1 },
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    execArgv: ['--import', `${import.meta.dirname}/setup/run/worker-signals.ts`],
    runner: './suites/runner.ts',
    testTimeout: DAY_MS,
    hookTimeout: DAY_MS,
    teardownTimeout: 60_000,
  },
}));

/**
 * Two machines with their own disks, kernels and QEMUs from git: half an hour, and as much again for the first builds.
 * A host with hardware virtualization, which is emulated: a quarter of an hour. The emulator that records, and a bisection: half
 * an hour each with their builds.
 */
const LONG = 'scripts/end-to-end/{bisect,explain,hardware,physical}/*.test.ts';
const endToEnd: TestProjectInlineConfiguration['test'] = {
  fileParallelism: false,
  testTimeout: 1_800_000,
  hookTimeout: 1_800_000,
};

export default defineConfig({
  cacheDir: viteCache(import.meta.dirname),
  plugins: [keepReporters],
  // Vite would warn of each missing source map that @actions/workflow-parser names.
  logLevel: 'error',
  test: {
    ...byNode,
    // A bare `npx vitest` must not boot a stack at every change of a file.
    watch: false,
    globalSetup: ['setup/global-setup.ts'],
    reporters: [['./reporters/cells.ts', { summary: false }], ...ownReporters],
    sequence: { sequencer: CellSequencer },
    // For ending a stack in order after a Ctrl-C.
    teardownTimeout: 60_000,
    onUnhandledError,
    projects: [
      ...cells,
      {
        test: {
          name: 'unit',
          include: ['{fixtures,setup,reporters,scripts}/**/*.test.ts'],
          exclude: ['**/*.{integration,end-to-end}.test.ts'],
          // It imports JSON as bundlers do, and not as Node does.
          server: { deps: { inline: ['@actions/workflow-parser'] } },
          // A worker for each of the files took 40 CPU seconds instead of 6, without any test.
          isolate: false,
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
    ] satisfies Project[],
  },
});

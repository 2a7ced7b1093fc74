/** What a run selects, with a real Vitest, this project's own configuration and a command line. */
import { existsSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { CELLS } from '../../fixtures/matrix.ts';
import { filters } from './selection.ts';

const ROOT = path.join(import.meta.dirname, '../..');

const answerOf = z.union([
  z.object({ cells: z.array(z.string()), measured: z.array(z.string()) }),
  z.object({ error: z.string() }),
]);
type Answer = z.infer<typeof answerOf>;

/** Runs Vitest up to its global setup, which here writes what is selected and ends the run before anything boots. */
async function selectedBy(...argv: string[]): Promise<Answer> {
  using directory = mkdtempDisposableSync(path.join(tmpdir(), 'nestbench-test-'));
  const file = (name: string): string => path.join(directory.path, name);
  writeFileSync(
    file('setup.ts'),
    `import { writeFileSync } from 'node:fs';
     import { findSelection } from ${JSON.stringify(path.join(ROOT, 'setup/run/selection.ts'))};
     import { loadTestbed } from ${JSON.stringify(path.join(ROOT, 'setup/testbed/testbeds.ts'))};
     const names = (cells) => cells.map(({ name }) => name);
     export default async function setup({ vitest }) {
       const testbed = await loadTestbed('emulated');
       const answer = await findSelection(vitest, (cell) => testbed.whyNot(cell) === undefined).then(
         ({ cells, measured }) => ({ cells: names(cells), measured: names(measured) }),
         (error) => ({ error: error.code + ': ' + error.message }),
       );
       writeFileSync(${JSON.stringify(file('answer.json'))}, JSON.stringify(answer));
       throw new Error('nothing is to run');
     }`,
  );
  writeFileSync(
    file('vitest.config.mts'),
    `import config from ${JSON.stringify(path.join(ROOT, 'vitest.config.ts'))};
     export default { ...config, test: { ...config.test, globalSetup: [${JSON.stringify(file('setup.ts'))}], reporters: ['default'] } };`,
  );
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const options = ['run', '--root', ROOT, '--config', file('vitest.config.mts')];
  const { all } = await execa(process.execPath, [vitest, ...options, ...argv], {
    all: true,
    reject: false,
    env: { NODE_ENV: undefined, VITEST: undefined },
  });
  if (!existsSync(file('answer.json'))) throw new Error(`Vitest did not say what is selected:\n${all}`);
  return answerOf.parse(JSON.parse(readFileSync(file('answer.json'), 'utf8')));
}

const MATRIX = CELLS.map(({ name }) => name);

const cases: [words: string, argv: string[], Answer][] = [
  [
    'all suites are the whole matrix, all of which can be measured',
    ['suites'],
    { cells: MATRIX, measured: MATRIX },
  ],
  [
    "a level's suites are its cells",
    ['suites/l1', '-t', 'netperf'],
    { cells: ['l1-baseline', 'l1-passthrough'], measured: ['l1-baseline', 'l1-passthrough'] },
  ],
  [
    'a project is its cell',
    ['--project', 'l3-dvh*'],
    { cells: ['l3-dvh-vp', 'l3-dvh'], measured: ['l3-dvh-vp', 'l3-dvh'] },
  ],
  [
    'a shard has its own cells',
    ['suites/l2', '--project', 'l2-*', '--shard', '1/4'],
    { cells: ['l2-baseline', 'l2-vp-idle'], measured: ['l2-baseline', 'l2-vp-idle'] },
  ],
  [
    'the breakdown has projects only if it is asked for',
    ['suites/breakdown', '--project', '*-step-ipi'],
    { cells: ['l2-step-ipi', 'l3-step-ipi'], measured: ['l2-step-ipi', 'l3-step-ipi'] },
  ],
  ['the unit tests are not a cell', ['--project', 'unit'], { cells: [], measured: [] }],
  [
    'a name without a test is rejected with the known benchmarks',
    ['suites/l1', '-t', 'netprf'],
    {
      error:
        'NESTBENCH_UNKNOWN_BENCHMARK: No test of the selected cells matches -t netprf. The benchmarks are hackbench, mysql, netperf-rr, netperf-stream, netperf-maerts, apache, memcached, hypercall, device-notify, program-timer, send-ipi, timer-expiry, self-ipi, halt-wake, cpuid.',
    },
  ],
];

test('a Vitest without its internal list of files is refused by its version', () => {
  expect(() => filters({ version: '99.0.0' })).toThrow(
    /^Vitest 99\.0\.0 does not show which files were requested .*filenamePattern.* npm ci$/,
  );
  expect(() => filters(Object.assign({ version: '99.0.0' }, { filenamePattern: 'suites' }))).toThrow(
    '99.0.0',
  );
  expect(filters(Object.assign({ version: '5.0.0' }, { filenamePattern: undefined }))).toEqual([]);
});

test.concurrent.each(cases)('%s', async (_words, argv, answer) => {
  expect(await selectedBy(...argv)).toEqual(answer);
});

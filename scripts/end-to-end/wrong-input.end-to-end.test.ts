/** Wrong input and hosts that are too small: one sentence, before anything boots. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { BENCHMARK_NAMES } from '../../fixtures/benchmarks/index.ts';
import { CELLS } from '../../fixtures/matrix.ts';
import { leftovers, type Place, type Run, type RunOptions } from './run.testing.ts';
import { test } from './test.testing.ts';

/** A cell that its kernel can't measure, so that all of it is skipped. */
const ONLY_SKIPPED = ['run', 'suites/l3', '--project', 'l3-dvh'];
const NO_DVH = { VARIANT: 'linux-6.1' };

/** Waits for a run that must fail with a sentence, and proves that it started nothing. */
async function refused(run: Run, place: Place): Promise<string> {
  expect(await run.end()).toMatchObject({ exitCode: 1 });
  expect(leftovers(place)).toEqual([]);
  expect(run.output).not.toContain('booting');
  expect(run.output).not.toMatch(/Unhandled Error|Serialized Error/);
  expect(run.recordsOf('boot')).toEqual([]);
  return run.output;
}

test('an unknown profile is reported with the known ones', async ({ start, place }) => {
  const run = start(['run', 'suites/l0'], { environment: { PROFILE: 'nosuch' } });
  const said = await refused(run, place);
  expect(said.trimEnd().split('\n').at(-1)).toBe(
    'There is no profile "nosuch". PROFILE is one of paper, quick, smoke, adaptive.',
  );
});

test('an unknown benchmark is reported with the known ones', async ({ start, place }) => {
  const said = await refused(start(['run', 'suites/l0', '-t', 'nosuch']), place);
  expect(said).toContain(
    `No test of the selected cells matches -t nosuch. The benchmarks are ${BENCHMARK_NAMES.join(', ')}.\n`,
  );
});

test('an unknown cell is reported with the known ones', async ({ start, place }) => {
  const said = await refused(start(['run', 'suites', '--project', 'l9-nosuch']), place);
  expect(said).toContain('The filter matched no projects: l9-nosuch.');
  for (const { name } of CELLS) expect(said).toContain(name);
});

test.for([
  { WAIT: 'long' },
  { RUNS: '0' },
  { PROFILE: 'adaptive', TARGET: 'nosuch' },
  { TARGET: '2%' },
  { BOOT: 'nosuch' },
  { SNAPSHOT_GB: 'nosuch' },
  { CLOCK: 'nosuch' },
  { ACCELERATOR: 'nosuch' },
  { PARALLEL: 'nosuch' },
  { PARALLEL: '99' },
  { VARIANT: 'nosuch' },
  { TESTBED: '/nosuch.yaml' },
  { EXPERIMENT: '../nosuch' },
])('%j is one sentence that names what is wrong', async (environment, { start, place }) => {
  const said = await refused(start(['run', 'suites/l0'], { environment }), place);
  const [name = '', value = ''] = Object.entries(environment).at(-1) ?? [];
  const sentence = said.trimEnd().split('\n').at(-1);
  expect(sentence?.toLowerCase()).toContain(name === 'TESTBED' ? 'testbed file' : name.toLowerCase());
  expect(sentence).toContain(value);
  expect(said).not.toMatch(/\n +at | ❯ /);
});

test('an unusable place for results is reported before anything is built', async ({ start, place }) => {
  writeFileSync(path.join(place.results, 'taken'), '');
  const said = await refused(start(['run', 'suites/l0'], { experiment: 'taken' }), place);
  expect(said).toMatch(/^Nothing can be kept in \S+\/taken: ENOTDIR.* Set RESULTS to another place/m);
});

test('reporters of the command line do not replace those that write the results', async ({
  start,
  place,
}) => {
  const reporters = ['--reporter=tap', '--reporter=json', '--outputFile.json', '/dev/null'];
  const run = start([...ONLY_SKIPPED, ...reporters], { experiment: 'reported', environment: NO_DVH });
  const said = await refused(run, place);
  expect(said).toMatch(/^Results: \S+reported \(report\.html/m);
  expect(readdirSync(run.directory)).toEqual(expect.arrayContaining(['report.html', 'tables.txt']));
  // A program may read what a reporter prints there.
  expect(run.stdout).toMatch(/^TAP version 13\n/);
  expect(run.stdout).not.toContain('Results: ');
});

test('an experiment of another profile is not continued', async ({ start, place }) => {
  // This leaves the experiment's record, and boots nothing.
  const first = start(ONLY_SKIPPED, { experiment: 'mixed', environment: NO_DVH });
  await refused(first, place);
  const before = first.records;
  expect(before).toContainEqual(expect.objectContaining({ type: 'experiment', profile: 'smoke' }));

  const environment = { ...NO_DVH, PROFILE: 'quick' };
  const second = start(['run', 'suites/l0'], { experiment: 'mixed', environment });
  expect(await refused(second, place)).toContain(
    'Experiment "mixed" was measured with the profile smoke; this run has quick.',
  );
  expect(second.records).toEqual(before);
});

test('a run in which everything selected is skipped fails, and says why', async ({ start, place }) => {
  const said = (await refused(start(ONLY_SKIPPED, { environment: NO_DVH }), place)).replaceAll(/\s+/g, ' ');
  expect(said).toContain('needs direct virtual hardware at every level that runs guests');
  expect(said).toContain('the variant linux-6.1 has the kernel of bookworm');
  expect(said).toContain('Nothing was measured: everything that was selected is skipped');
});

test('a cell that the physical testbed can’t measure is reported before its machines are contacted', async ({
  start,
  place,
}) => {
  const file = path.join(place.results, 'testbed.yaml');
  mkdirSync(place.results, { recursive: true });
  const machines = ['client', 'server'].map((name) => `${name}: { ssh: ${name}.invalid, interface: eno2 }\n`);
  writeFileSync(file, machines.join(''));
  const environment = { TESTBED: file };
  const run = start(['run', 'suites', '--project', 'l2-dvh'], { experiment: 'none', environment });
  expect(await refused(run, place)).toContain(
    'Nothing that was selected can be measured there. l2-dvh: DVH needs kernels and QEMUs with its mechanisms, and the testbed file names none for l0 and l1',
  );
});

/** In its own mount namespace, which ends with the run. */
function withMount(command: string): RunOptions {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return { wrapper: ['unshare', '--mount', ...asRoot, 'sh', '-ec', `${command}; exec "$@"`, 'sh'] };
}

describe('on a host', () => {
  test('without space for the cache, nothing is built', async ({ start, place }) => {
    const cache = path.join(place.results, 'cache');
    const run = start(['run', 'suites/l0'], {
      ...withMount(`mkdir -p ${cache}; mount -t tmpfs -o size=16m tmpfs ${cache}`),
      environment: { XDG_CACHE_HOME: cache },
      experiment: 'full',
    });
    expect(await refused(run, place)).toMatch(
      /^\S+\/cache\/nestbench needs \S+ GiB of free space, and its file system has 16\.0 MiB\. Make room/m,
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  test('with too little memory left, nothing boots', async ({ start, place }) => {
    // As lxcfs shows a container how little memory it has.
    const meminfo = path.join(place.results, 'meminfo');
    writeFileSync(meminfo, 'MemTotal: 2097152 kB\nMemFree: 524288 kB\nMemAvailable: 1048576 kB\n');
    const run = start(['run', 'suites/l0'], {
      ...withMount(`mount --bind ${meminfo} /proc/meminfo`),
      experiment: 'small',
    });
    expect(await refused(run, place)).toMatch(
      /^The testbed's machines need \S+ GiB of memory, and 1\.0 GiB is available\. End other programs/m,
    );
  });
});

/** scripts/compare.ts as a user runs it: in its own process, with its output and exit code. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { comparisonSchema } from '../reporters/verdict/comparison-json.ts';
import { noisyRecords, type NoisyExperiment } from '../reporters/verdict/noisy-experiment.ts';
import { JOURNAL_FILE } from '../setup/journal/journal.ts';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';

const SCRIPT = path.join(import.meta.dirname, 'compare.ts');

const SMALL: NoisyExperiment = {
  seed: 1,
  runs: 5,
  iterations: 3,
  cells: ['l1-baseline', 'l2-baseline'],
  benchmarks: ['hackbench', 'netperf-rr'],
};

const SLOWED: NoisyExperiment = {
  ...SMALL,
  seed: 2,
  slower: (cell, benchmark) => (cell === 'l2-baseline' && benchmark === 'netperf-rr' ? 1.2 : 1),
};

/** A results folder with experiments by name. */
function resultsWith(experiments: Readonly<Record<string, NoisyExperiment>>): string {
  const results = temporaryDirectory();
  for (const [name, experiment] of Object.entries(experiments)) {
    mkdirSync(path.join(results, name));
    const lines = noisyRecords(experiment).map((record) => `${JSON.stringify(record)}\n`);
    writeFileSync(path.join(results, name, JOURNAL_FILE), lines.join(''));
  }
  return results;
}

function compare(results: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: results, RESULTS: results },
  });
  return { status, stdout, stderr };
}

test('a regression is the first row of the table, and gives exit code 1', () => {
  const results = resultsWith({ before: SMALL, after: SLOWED });
  const { status, stdout, stderr } = compare(results, 'before', 'after');
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout).toMatchInlineSnapshot(`
    "base     before (noisy)
    head     after (noisy)
    testbed  emulated server (QEMU TCG): shows how levels compare, not how fast hardware is
    profile  quick, 1 run (at most 3 iterations of seconds each, sized for emulation)
    differs  nothing that was recorded

    1 regression, 0 improvements, 0 undecided, 3 without a change

                                          change   95 % interval       p  boots   base   head            unit
    ---------------------------------------------------------------------------------------------------------
    REGRESSION  l2-baseline  netperf-rr  -16.1 %  -17.4 .. -14.8  0.0079   5, 5  998.7  837.7  transactions/s
    no change   l1-baseline  hackbench    +0.1 %    -1.5 .. +1.7  0.8949   5, 5  100.0  100.1               s
    no change   l1-baseline  netperf-rr   -0.5 %    -2.2 .. +1.2  0.3950   5, 5   1004  998.9  transactions/s
    no change   l2-baseline  hackbench    +0.1 %    -1.6 .. +1.8  0.9236   5, 5  100.3  100.4               s

      change: head against base, by the mean of the boots' means (harmonic for rates)
      interval: bootstrap-t over boots; Student's t if a side has fewer than five
      p: two-sided, over boots: the larger p of Welch's t-test and of a permutation test of the same t
      declared: p below 0.01, an interval without 0, and a change above 5 %; no change: the whole interval within it
      4 tests at p < 0.01: without any change, chance would declare at most 0.016 regressions on average
      with p adjusted for all 4 tests (Holm), 0 of 1 declared would remain
      p and interval hold for nearly normal noise; if one side scatters five times as much as the other, chance alone gives
        p < 0.01 in up to 1.4 of 100 cases; if that side is also skewed or has two modes, which a few boots may not show, in
        5 or 17 of 100
    "
  `);
});

test('the same code gives 0, by path of directory or journal', () => {
  const results = resultsWith({ before: SMALL, after: { ...SMALL, seed: 2 } });
  const { status, stdout } = compare(results, './before', path.join(results, 'after', JOURNAL_FILE));
  expect(status).toBe(0);
  expect(stdout).toContain('\n0 regressions, 0 improvements, ');
});

test('a failure of the head where the base was measured gives 1, and is printed prominently', () => {
  const results = resultsWith({ before: SMALL, after: { ...SMALL, seed: 2, cells: ['l1-baseline'] } });
  expect(compare(results, 'before', 'after')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(
      'Only in the base: l2-baseline hackbench, l2-baseline netperf-rr (not run)',
    ),
  });
  appendFileSync(
    path.join(results, 'after', JOURNAL_FILE),
    `${JSON.stringify({
      type: 'failure',
      at: '2026-11-23T00:50:00.000Z',
      cell: 'l2-baseline',
      benchmark: null,
      kind: 'infrastructure',
      code: 'NESTBENCH_GUEST_PANICKED',
      message: 'L2 panicked.\nIts console ends in: BUG',
    })}\n`,
  );
  const { status, stdout } = compare(results, 'before', 'after');
  expect(status).toBe(1);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'FAILED IN THE HEAD, measured in the base: l2-baseline hackbench, l2-baseline netperf-rr (failed: L2 panicked.)',
  );
});

describe('JSON', () => {
  test('alone on standard output, as specified by its schema', () => {
    const results = resultsWith({ before: SMALL, after: SLOWED });
    const { status, stdout } = compare(
      results,
      '--json',
      'before',
      'after',
      '--minimum-effect=hackbench=10%',
    );
    expect(status).toBe(1);
    const json = comparisonSchema.parse(JSON.parse(stdout));
    if (json.state !== 'compared') throw new Error(json.state);
    expect(json).toMatchObject({ version: 1, base: 'before', head: 'after', exitCode: 1 });
    expect(
      json.rows
        .filter(({ verdict }) => verdict.kind === 'regression')
        .map(({ cell, benchmark }) => [cell, benchmark]),
    ).toEqual([['l2-baseline', 'netperf-rr']]);
    expect(json.options.minimumEffect).toEqual({ hackbench: 0.1 });
  });

  test('in a file, relative to the working directory, as well as the table', () => {
    const results = resultsWith({ before: SMALL, after: { ...SMALL, seed: 2 } });
    const { stdout } = compare(results, '--json=there/comparison.json', 'before', 'after');
    expect(stdout).toContain('0 regressions');
    const file = path.join(results, 'there/comparison.json');
    expect(comparisonSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).exitCode).toBe(0);
  });
});

describe('exit code 2 for', () => {
  test('experiments that cannot be compared, with the differences and both values', () => {
    const results = resultsWith({ before: SMALL, after: { ...SMALL, start: { profile: 'paper' } } });
    const { status, stdout, stderr } = compare(results, '--json', 'before', 'after');
    expect(status).toBe(2);
    expect(stderr).toBe(
      "before and after can't be compared.\n  The profile: quick in the base, paper in the head.\n",
    );
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      base: 'before',
      head: 'after',
      state: 'incomparable',
      exitCode: 2,
      differences: ['The profile: quick in the base, paper in the head.'],
    });
  });

  test('an unknown benchmark', () => {
    const results = resultsWith({ before: SMALL, after: SMALL });
    const { status, stdout, stderr } = compare(results, 'before', 'after', '--minimum-effect=nosuch=5%');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^--minimum-effect names a benchmark "nosuch", which neither experiment has\. They have hackbench/,
    );
  });

  test('a head in which everything failed, with the failures', () => {
    const results = resultsWith({ before: SMALL, after: { ...SMALL, cells: [] } });
    appendFileSync(
      path.join(results, 'after', JOURNAL_FILE),
      `${failure('l1-baseline', 'L1 panicked.')}\n${failure('l2-baseline', 'L2 did not answer.')}\n`,
    );
    const { status, stdout, stderr } = compare(results, 'before', 'after');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^before and after can't be compared\.\n {2}Everything failed in the head\. .*L1 panicked\..*L2 did not answer\.\n$/,
    );
  });

  test.each(['/proc/nope/comparison.json', '.'])('a file %s that cannot be written', (file) => {
    const results = resultsWith({ before: SMALL, after: SLOWED });
    const { status, stderr } = compare(results, 'before', 'after', `--json=${file}`);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^--json: \/.* can't be written: E[A-Z]+: [^\n]*\n$/);
  });

  test('a journal that is a directory', () => {
    const results = resultsWith({ before: SMALL });
    mkdirSync(path.join(results, 'after', JOURNAL_FILE), { recursive: true });
    const { status, stderr } = compare(results, 'before', 'after');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^The journal .* can't be read: it is not a file\.\n$/);
  });

  test('output that nobody reads, although it became slower', () => {
    const results = resultsWith({ before: SMALL, after: SLOWED });
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', `"${process.execPath}" "${SCRIPT}" before after | true; exit \${PIPESTATUS[0]}`],
      { encoding: 'utf8', env: { ...process.env, INIT_CWD: results, RESULTS: results } },
    );
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
  });

  test.each([[[]], [['before']], [['before', 'nosuch']], [['before', 'before', '--significance', '2']]])(
    'arguments %j, in one sentence',
    (args) => {
      const { status, stdout, stderr } = compare(resultsWith({ before: SMALL }), ...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).not.toMatch(/^ +at /m);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    },
  );
});

test('an experiment against itself causes a warning', () => {
  const results = resultsWith({ before: SMALL });
  const { status, stderr } = compare(results, 'before', './before');
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: 'Warning: before and ./before are the same experiment.\n',
  });
});

test('a damaged line is reported with its experiment', () => {
  const results = resultsWith({ before: SMALL, after: SMALL });
  appendFileSync(path.join(results, 'after', JOURNAL_FILE), '{"type":"sam');
  expect(compare(results, 'before', 'after').stderr).toMatch(
    /^Warning: line \d+ of the journal of after is left out: not JSON/,
  );
});

test('--help prints the usage', () => {
  expect(compare('/', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('BASE HEAD') });
});

/** The record of a cell whose stack failed, as in a journal. */
function failure(cell: string, message: string): string {
  return JSON.stringify({
    type: 'failure',
    at: '2026-11-23T00:50:00.000Z',
    cell,
    benchmark: null,
    kind: 'infrastructure',
    code: 'NESTBENCH_GUEST_PANICKED',
    message,
  });
}

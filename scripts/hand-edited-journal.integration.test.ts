/** Journals that somebody edited, as scripts read them: each fault is reported in a sentence, and cannot do harm. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../fixtures/records.ts';
import { noisyRecords } from '../reporters/verdict/noisy-experiment.ts';
import { JOURNAL_FILE } from '../setup/journal/journal.ts';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';

const RECORDS = noisyRecords({
  seed: 1,
  runs: 3,
  iterations: 3,
  cells: ['l1-baseline', 'l2-baseline'],
  benchmarks: ['hackbench', 'netperf-rr'],
});

/** An experiment whose journal has these lines. */
function edited(lines: readonly unknown[]): { place: string; directory: string } {
  const place = temporaryDirectory();
  const directory = path.join(place, 'results', 'edited');
  mkdirSync(directory, { recursive: true });
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  writeFileSync(path.join(directory, JOURNAL_FILE), text);
  return { place, directory };
}

function script(place: string, name: string, ...args: string[]) {
  const file = path.join(import.meta.dirname, `${name}.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: place, RESULTS: path.join(place, 'results'), FORCE_COLOR: '0' },
  });
  return { status, stdout, stderr };
}

/** All files under `directory` except the journal, as one text. */
function filesOf(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== JOURNAL_FILE && statSync(path.join(directory, name)).isFile())
    .map((name) => `${name}\n${readFileSync(path.join(directory, name), 'utf8')}`)
    .join('');
}

describe('the name of a cell or benchmark', () => {
  test.each([
    ['of 300 characters', { cell: 'x'.repeat(300) }],
    ['of a file that nestbench writes', { cell: 'report.html' }],
    ['of a folder that nestbench writes', { cell: 'exchange' }],
    ['that leads up', { cell: '..' }],
    ['that leads elsewhere', { cell: '../../elsewhere' }],
    ['that is absolute', { cell: '/tmp/elsewhere' }],
    ['that is empty', { cell: '' }],
    ['of a benchmark of 300 characters', { benchmark: 'x'.repeat(300) }],
    ['of a benchmark that leads elsewhere', { benchmark: '../../../elsewhere' }],
    ['of a benchmark with a zero byte', { benchmark: 'a\u0000b' }],
  ])('%s is reported, and nothing is written outside', (_, change) => {
    const wrong = RECORDS.map((record) => ('benchmark' in record ? { ...record, ...change } : record));
    const { place } = edited([...RECORDS, ...wrong]);
    const { status, stderr } = script(place, 'results', 'edited');
    expect(stderr).toMatch(
      new RegExp(`^Warning: line ${RECORDS.length + 2} of the journal of edited is left out: `, 'm'),
    );
    expect(stderr).not.toMatch(/\n +at /);
    expect(status).toBe(0);
    expect(readdirSync(place)).toEqual(['results']);
    expect(readdirSync(path.join(place, 'results'))).toEqual(['edited']);
  });
});

/** What a terminal interprets: a colour, a title, a C1 sequence, and directional formatting. */
const OBEYED = '\u001B[31m\u001B]0;title\u0007\u009B2J\u007F\u202Egnp\u2066\u2069';
// oxlint-disable-next-line no-control-regex -- control characters are what this is about.
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/;

/** Adds control characters to every string whose value is free. */
function obeyed(record: JournalRecord): unknown {
  const kept = new Set(['type', 'at', 'cell', 'benchmark', 'better', 'started', 'on', 'kind', 'accelerator']);
  const change = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return kept.has(key) ? value : `${value}${OBEYED}`;
    if (Array.isArray(value)) return value.map((its) => change(its, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, its]) => [name, change(its, name)]));
  };
  return change(record, '');
}

describe('control characters', () => {
  const failure: JournalRecord = {
    type: 'failure',
    at: '2026-11-23T00:41:00.000Z',
    cell: 'l3-baseline',
    benchmark: null,
    kind: 'infrastructure',
    code: 'NESTBENCH_GUEST_HUNG',
    message: 'L3 said nothing',
    tail: 'RCU stall',
  };
  const skip: JournalRecord = {
    type: 'skip',
    at: '2026-11-23T00:41:00.000Z',
    cell: 'l1-dvh',
    benchmark: 'mysql',
    reason: 'there is no',
  };
  const loaded = RECORDS.map((record) => (record.type === 'series' ? { ...record, loader: 'ab' } : record));
  const withControls = (): ReturnType<typeof edited> =>
    edited([...[...loaded, failure, skip].map(obeyed), '{"type":"boot","\u009B2J\u202E":1}']);

  test.each([
    ['results', ['edited']],
    ['report', ['edited']],
    ['compare', ['edited', 'edited']],
    ['compare', ['edited', 'edited', '--json', '-']],
  ])('are removed from the output of %s %j', (name, args) => {
    const { place } = withControls();
    const { stdout, stderr } = script(place, name, ...args);
    expect(stdout + stderr).not.toMatch(CONTROLS);
  });

  test('are in no file', () => {
    const { place, directory } = withControls();
    const { stderr } = script(place, 'results', 'edited');
    expect(stderr).toContain('Wrote ');
    const text = filesOf(directory);
    expect(text).toContain('L3 said nothing');
    expect(text).not.toMatch(CONTROLS);
  });
});

describe('numbers that are too large for arithmetic', () => {
  test.each([
    ['1e308', '1e308, 1e308'],
    ['5e-324', '5e-324, 5e-324'],
    ['both', '1e308, 5e-324'],
  ])('samples of %s are ignored', (_, values) => {
    const [start, ...others] = RECORDS;
    const numbers = values.split(', ').map(Number);
    const { place, directory } = edited([
      start,
      ...others.map((record, index) =>
        record.type === 'sample' && record.cell === 'l1-baseline'
          ? Object.assign(structuredClone(record), { value: numbers[index % numbers.length] })
          : record,
      ),
    ]);
    const { status, stdout, stderr } = script(place, 'results', 'edited');
    expect(status).toBe(0);
    expect(stderr).toContain('value: a measured number must be 0, or from 1e-30 to 1e+30');
    expect(stdout + stderr + filesOf(directory)).not.toMatch(/NaN|Infinity|e[+-]?30\d|\n +at /);
    expect(script(place, 'compare', 'edited', 'edited').stderr).not.toMatch(/\n +at /);
  });
});

// Tables and files used to have that many rows, and never ended; also after another sample of its shape.
test.each([0, 1])('an iteration beyond all others is ignored, in sample %i', (at) => {
  const samples = RECORDS.filter(({ type }) => type === 'sample');
  const lines = RECORDS.map((record) =>
    record === samples[at] ? { ...record, iteration: 1_000_000_000 } : record,
  );
  const { status, stderr } = script(edited(lines).place, 'results', 'edited');
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(/^Warning: line \d+ of the journal of edited is left out: iteration: /),
  });
});

describe('a journal that cannot be read', () => {
  test.each(['results', 'report', 'compare', 'history'])('that is a folder is reported by %s', (name) => {
    const { place, directory } = edited(RECORDS);
    renameSync(path.join(directory, JOURNAL_FILE), path.join(directory, 'away'));
    mkdirSync(path.join(directory, JOURNAL_FILE));
    const words = { compare: ['edited', 'edited'], history: ['add', 'edited'] }[name] ?? ['edited'];
    expect(script(place, name, ...words)).toEqual({
      status: 2,
      stdout: '',
      stderr: `The journal ${directory}/journal.ndjson can't be read: it is not a file.\n`,
    });
  });

  test('that is a pipe is not waited for', () => {
    const { place, directory } = edited(RECORDS);
    renameSync(path.join(directory, JOURNAL_FILE), path.join(directory, 'away'));
    spawnSync('mkfifo', [path.join(directory, JOURNAL_FILE)]);
    const { status, stderr } = script(place, 'results', 'edited');
    expect(status).toBe(2);
    expect(stderr).toContain("can't be read: it is not a file.");
  });
});

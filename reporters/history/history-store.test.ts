import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { marked } from 'marked';
import { describe, expect, test } from 'vitest';
import { normals } from '../../fixtures/statistics/normals.ts';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { changesOf, seriesOf, reportedOf, unreported } from './changes.ts';
import { changesMarkdown, changesText, seriesText } from './history-text.ts';
import { type HistoryExperiment, type HistoryResult, HistoryStore } from './history-store.ts';
import { summarize } from './summarize.ts';

const KIND = {
  testbed: 'emulated',
  accelerator: 'tcg',
  settings: { mitigations: 'off' },
  profile: 'quick',
  host: 'EPYC, 2 CPUs',
  unit: 'transactions/s',
  sizes: [{ iterations: 3, seconds: 3 }],
};
const ONE = JSON.stringify(KIND);

const WIDE = { columns: 160, colours: false };

function storeFile(): string {
  return path.join(temporaryDirectory(), 'deep/history.sqlite');
}

function result(mean: number, fields: Partial<HistoryResult> = {}): HistoryResult {
  const what = {
    cell: 'l2-baseline',
    benchmark: 'netperf-rr',
    unit: 'transactions/s',
    better: 'higher' as const,
  };
  return { ...what, mean, runs: 1, samples: 3, kind: ONE, ...fields };
}

function night(
  number: number,
  results: readonly HistoryResult[],
  toolchain: HistoryExperiment['toolchain'] = null,
): HistoryExperiment {
  const day = String(number + 1).padStart(3, '0');
  const name = `night-${day}`;
  return { name, at: `2026-${day}`, commit: `commit${day}`, kernel: '6.1', toolchain, results };
}

/** Sixty nights with a rate that falls by a fifth at the fortieth. */
function fallenNights(): HistoryExperiment[] {
  const normal = normals(7);
  return Array.from({ length: 60 }, (_, number) => {
    const rate = 100 * (number < 40 ? 1 : 0.8) * Math.exp(0.02 * normal());
    return night(number, [result(rate)]);
  });
}

function fallen(store: HistoryStore): void {
  for (const each of fallenNights()) store.add(each);
}

describe('the store', () => {
  test('keeps what was added, in order of time, also after it is reopened', () => {
    const file = storeFile();
    {
      using store = new HistoryStore(file);
      store.add(night(1, [result(2), result(3, { benchmark: 'hackbench', unit: 's', better: 'lower' })]));
      store.add(night(0, [result(1)]));
    }
    using store = new HistoryStore(file);
    expect(store.points().map(({ experiment, benchmark, mean }) => [experiment, benchmark, mean])).toEqual([
      ['night-001', 'netperf-rr', 1],
      ['night-002', 'netperf-rr', 2],
      ['night-002', 'hackbench', 3],
    ]);
  });

  test('has each experiment once: adding it again replaces it', () => {
    using store = new HistoryStore(storeFile());
    expect(store.add(night(0, [result(1), result(9, { cell: 'l3-baseline' })]))).toBe(false);
    expect(store.add(night(0, [result(2)]))).toBe(true);
    expect(store.points().map(({ mean }) => mean)).toEqual([2]);
  });

  test('has all of an experiment or nothing', () => {
    using store = new HistoryStore(storeFile());
    store.add(night(0, [result(1)]));
    expect(() => store.add(night(0, [result(2), result(3)]))).toThrow(/UNIQUE/);
    expect(store.points().map(({ mean }) => mean)).toEqual([1]);
  });

  test('rejects a file that is not a history, and one written by a newer nestbench', () => {
    const file = path.join(temporaryDirectory(), 'history.sqlite');
    writeFileSync(file, 'no database, but long enough to be looked at as one. '.repeat(20));
    expect(() => new HistoryStore(file)).toThrow(
      `The history ${file} can't be used: file is not a database.`,
    );
    const newer = storeFile();
    new HistoryStore(newer)[Symbol.dispose]();
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => new HistoryStore(newer)).toThrow('written by a newer nestbench (its tables have version 99');
  });
});

test('a history of an older nestbench keeps its data, and accepts fields that it lacked', () => {
  const file = storeFile();
  {
    using store = new HistoryStore(file);
    store.add(night(0, [result(1)]));
  }
  {
    using database = new DatabaseSync(file);
    database.exec('ALTER TABLE experiment DROP COLUMN toolchain; PRAGMA user_version = 1');
  }
  using store = new HistoryStore(file, { make: false });
  store.add(night(1, [result(2)], { gcc: '14.2' }));
  expect(store.points().map(({ mean, toolchain }) => ({ mean, toolchain }))).toEqual([
    { mean: 1, toolchain: null },
    { mean: 2, toolchain: { gcc: '14.2' } },
  ]);
});

describe('a history file that is', () => {
  test.each([0, 1])('another database stays unchanged, at its version %i', (version) => {
    const file = path.join(temporaryDirectory(), 'bookmarks.sqlite');
    using database = new DatabaseSync(file);
    database.exec(`CREATE TABLE bookmark (url TEXT); PRAGMA user_version = ${version}`);
    expect(() => new HistoryStore(file)).toThrow(`${file} is a database of another program.`);
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'bookmark' }]);
  });

  test('missing is not created by a reader', () => {
    const file = storeFile();
    expect(() => new HistoryStore(file, { make: false })).toThrow(`There is no history ${file}`);
    expect(existsSync(file)).toBe(false);
  });

  test('damaged after its first page is reported in a sentence', () => {
    const file = storeFile();
    {
      using store = new HistoryStore(file);
      fallen(store);
    }
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 8192));
    using store = new HistoryStore(file);
    expect(() => store.points()).toThrow(/^The history .* can't be used: database disk image is malformed/);
  });
});

describe('an experiment', () => {
  test('is summarized by the means of its runs: harmonic for rates', () => {
    using journal = new TestJournal()
      .start()
      .samples('l1-baseline', 'netperf-rr', [50, 150], 1)
      .samples('l1-baseline', 'netperf-rr', [75], 2)
      .samples('l1-baseline', 'hackbench', [1, 3])
      .fail('l2-baseline', null);
    const { results, ...rest } = summarize(journal.results);
    expect(rest).toMatchObject({
      name: '2026-11-23-0040',
      commit: 'cb90e4d1c0ffee00112233445566778899aabbcc',
    });
    expect(results.map(({ benchmark, mean, runs, samples }) => [benchmark, mean, runs, samples])).toEqual([
      ['hackbench', 2, 1, 2],
      ['netperf-rr', expect.closeTo(75, 10), 2, 3],
    ]);
  });

  test('of another testbed, profile, host or variant is of another kind', () => {
    const kinds = [
      {},
      { profile: 'paper' },
      { testbed: { kind: 'physical', accelerator: 'none', settings: {} } as const },
      { host: { cpuModel: 'Xeon', cpus: 2, memoryBytes: 2 ** 33, kernel: '6.1' } },
      { variant: { name: 'mine' } },
    ].map((start) => {
      using journal = new TestJournal().start(start).samples('l1-baseline', 'hackbench', [1]);
      return summarize(journal.results).results[0]?.kind;
    });
    expect(new Set(kinds).size).toBe(kinds.length);
  });

  test('without a number adds nothing', () => {
    using journal = new TestJournal().start().skip('l2-dvh', 'hackbench', 'not built');
    expect(() => summarize(journal.results)).toThrow('nothing was measured');
  });
});

describe('a change', () => {
  test('is found in its own series, and known to be for the worse', () => {
    using store = new HistoryStore(storeFile());
    fallen(store);
    // Of another kind, so it does not count.
    store.add(night(70, [result(1, { kind: JSON.stringify({ ...KIND, profile: 'paper' }) })]));
    const all = seriesOf(store.points());
    expect(all.map(({ points }) => points.length)).toEqual([60, 1]);
    const [change, ...others] = all.flatMap((series) => changesOf(series));
    expect(others).toEqual([]);
    expect([change?.before.experiment, change?.after.experiment, change?.isWorse]).toEqual([
      'night-040',
      'night-041',
      true,
    ]);
  });

  test('is reported once, even when more nights move it a little', () => {
    using store = new HistoryStore(storeFile());
    const report = (): number => {
      const changes = unreported(
        seriesOf(store.points()).flatMap((series) => changesOf(series)),
        store.reported(),
      );
      store.markReported(changes.map(reportedOf));
      return changes.length;
    };
    // Each night is added once, because a commit waits for the disk.
    const counts = fallenNights().map((each) => {
      store.add(each);
      return report();
    });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(counts.indexOf(1)).toBeGreaterThan(40);
    expect(counts.indexOf(1)).toBeLessThan(47);
  });

  test('that was reported does not hide another one three nights later', () => {
    using store = new HistoryStore(storeFile());
    for (let number = 0; number < 43; number++) {
      const rate = number >= 20 && number < 23 ? 200 : 100;
      store.add(night(number, [result(rate * (1 + (number % 3) / 1000))]));
    }
    const [up, down, ...others] = seriesOf(store.points()).flatMap((series) => changesOf(series));
    if (up === undefined || down === undefined) throw new Error('not found');
    expect([up.change.at, down.change.at, others]).toEqual([20, 23, []]);
    expect(unreported([up, down], [reportedOf(up)])).toEqual([down]);
    expect(unreported([up, down], [reportedOf(up), reportedOf(down)])).toEqual([]);
  });

  test('is printed', () => {
    using store = new HistoryStore(storeFile());
    fallen(store);
    const all = seriesOf(store.points());
    const changes = all.flatMap((series) => changesOf(series));
    expect(changesText(changes, WIDE)).toMatch(
      /^l2-baseline +netperf-rr +-\d\d\.\d % +\d+\.\d+ +\d+\.\d+ +transactions\/s +< 0\.0001 +night-040 \(commit040\) +night-041 \(commit041\)$/m,
    );
    expect(seriesText(all, WIDE)).toMatch(
      /^l2-baseline +netperf-rr +60 .* -\d\d\.\d % +[_.\-~=+*#]{20}\|[_.\-~=+*#]{20}$/m,
    );
    expect(changesText(changes, WIDE)).toMatch(
      /^emulated server \(QEMU TCG\).*; profile quick; EPYC, 2 CPUs\n/,
    );
    const page = changesMarkdown(changes);
    expect(page).toContain('\n\nMeasured on: emulated server (QEMU TCG)');
    expect(page).toContain('1 change for the worse, 0 for the better.');
    const table = marked.lexer(page).find(({ type }) => type === 'table');
    expect(table).toMatchObject({
      rows: [[{ text: 'l2-baseline' }, { text: 'netperf-rr' }, {}, {}, {}, {}, {}, {}, {}]],
    });
  });

  test('that came with another toolchain says so, and its trend marks that night', () => {
    using store = new HistoryStore(storeFile());
    for (let number = 0; number < 43; number++) {
      const value = (number < 30 ? 100 : 80) * (1 + (number % 3) / 1000);
      const gcc = number < 30 ? '14.2.0-19' : '14.2.0-20';
      store.add(
        night(number, [result(value)], number < 5 ? null : { 'kernel compiler': gcc, sysbench: '1' }),
      );
    }
    const all = seriesOf(store.points());
    const changes = all.flatMap((series) => changesOf(series));
    const why =
      'night-031 has another toolchain, which may be the cause instead of the code: kernel compiler 14.2.0-19 -> 14.2.0-20';
    const text = changesText(changes, WIDE);
    expect(text).toContain('night-031 (commit031), with another toolchain\n');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(why);
    expect(changesMarkdown(changes).replaceAll('\\', '')).toContain(`${why}.`);
    // Nothing is marked when the toolchain was unknown before.
    expect(seriesText(all, WIDE)).toMatch(/[^^|]{20}\|\^[^^|]{13}$/m);
  });

  test("that came with a toolchain's first night has the change of the kernel", () => {
    using store = new HistoryStore(storeFile());
    for (let number = 0; number < 43; number++) {
      const isOld = number < 30;
      const value = (isOld ? 100 : 80) * (1 + (number % 3) / 1000);
      store.add({
        ...night(number, [result(value)], isOld ? null : { 'kernel source': 'linux-source-6.12 6.12.118-1' }),
        kernel: isOld ? '6.1.192-nestbench' : '6.12.118-nestbench',
      });
    }
    const all = seriesOf(store.points());
    const changes = all.flatMap((series) => changesOf(series));
    expect(changes.map(({ toolchain }) => toolchain)).toEqual([
      [{ what: 'kernel', base: '6.1.192-nestbench', head: '6.12.118-nestbench' }],
    ]);
    expect(changesText(changes, WIDE).replaceAll(/\s+/g, ' ')).toContain(
      'night-031 has another toolchain, which may be the cause instead of the code: kernel 6.1.192-nestbench -> 6.12.118-nestbench',
    );
    expect(seriesText(all, WIDE)).toMatch(/[^^|]{27}\|\^[^^|]{13}$/m);
  });

  test('is listed under where it was measured, and series of one place say how they differ', () => {
    using store = new HistoryStore(storeFile());
    const physical = { ...KIND, testbed: 'physical', accelerator: 'none', variant: 'mine' };
    const more = { ...KIND, sizes: [{ iterations: 40, seconds: 3 }] };
    for (const [number, kind] of [KIND, physical, more].entries()) {
      store.add(night(number, [result(100, { kind: JSON.stringify(kind) })]));
    }
    expect(seriesText(seriesOf(store.points()), WIDE)).toMatchInlineSnapshot(`
      "emulated server (QEMU TCG): shows how levels compare, not how fast hardware is; profile quick; EPYC, 2 CPUs

                                              records   last            unit  changes  trend
      --------------------------------------------------------------------------------------
      l2-baseline  netperf-rr  iterations 3         1  100.0  transactions/s           _
      l2-baseline  netperf-rr  iterations 40        1  100.0  transactions/s           _

      physical machines; profile quick; EPYC, 2 CPUs; variant mine

                               records   last            unit  changes  trend
      -----------------------------------------------------------------------
      l2-baseline  netperf-rr        1  100.0  transactions/s           _

        |: a change point. A series has only results of the same testbed, profile, host, variant, loader and sizes."
    `);
  });

  test('without any, says so', () => {
    expect(changesText([], WIDE)).toBe('No new changes.');
    expect(changesMarkdown([])).toBe('No new changes.');
  });
});

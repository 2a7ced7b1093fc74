/** The report's text. How it looks and works in a browser is tested separately, end to end. */
import { expect, test } from 'vitest';
import { TestJournal } from '../model/journal.testing.ts';
import {
  bootedJournal,
  partialJournal,
  realisticJournal,
  wholeJournal,
} from '../model/experiment.testing.ts';
import { collectResults } from '../model/experiment-results.ts';
import { reportHtml } from './page.ts';
import { facts, reportJournal } from './report.testing.ts';

function idsIn(page: string): string[] {
  return [...page.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);
}

test.each([
  ['one start and nothing else', () => new TestJournal().start()],
  ['one sample, no native', () => new TestJournal().start().samples('l2-baseline', 'hackbench', [3])],
  ['a part, no native', partialJournal],
  ['what failed, was skipped and was not run', realisticJournal],
  ['everything', wholeJournal],
  ['everything in three boots', bootedJournal],
  ['boots and exits', reportJournal],
])('%s makes a complete page, with every id once', (_, make) => {
  using journal = make();
  const page = reportHtml(journal.results);
  expect(page).not.toMatch(/undefined|NaN|Infinity|\[object|href="(?!#|data:)|src=/);
  expect(idsIn(page)).toEqual([...new Set(idsIn(page))]);
  const links = [...page.matchAll(/href="#([\w-]+)"/g)].map(([, id]) => id);
  expect(links.length).toBeGreaterThan(7);
  expect(links.filter((id) => !idsIn(page).includes(id ?? ''))).toEqual([]);
  const patterns = [...page.matchAll(/url\(#([\w-]+)\)/g)].map(([, id]) => id);
  expect(patterns.filter((id) => !idsIn(page).includes(id ?? ''))).toEqual([]);
});

test.each([
  ['an older journal, with none trapped', { guestHaltExits: 0 }, 'pass to L0 (virtual idle)'],
  ['an older journal, with some', { guestHaltExits: 9 }, 'are trapped'],
  ['DVH', { guestHaltExits: 9, guestHalts: 'passed if alone' }, 'pass to L0 while it has no other tasks'],
] as const)('what becomes of the HLTs of a guest is shown: %s', (_, halts, words) => {
  using journal = new TestJournal().start().boot('l2-dvh', { levels: [{ ...facts(1), ...halts }] });
  expect(reportHtml(journal.results)).toContain(words);
});

test('a level that booted a disk image of the user’s is listed with it', () => {
  const diskImage = { file: '/srv/ae-guest0.img', bytes: 4096, sha256: 'abc' };
  using journal = new TestJournal().start().boot('l1-baseline', { levels: [{ ...facts(1), diskImage }] });
  expect(reportHtml(journal.results)).toContain('/srv/ae-guest0.img, 4096 bytes, SHA-256 abc');
});

test('text from a journal stays text, wherever it is shown', () => {
  const evil = '"><img src=x onerror=alert(1)><script>';
  using journal = reportJournal();
  journal
    .start({ experiment: evil, commit: evil })
    .samples('l1-baseline', evil, [1, 2])
    .samples(`l2-${evil}`, 'hackbench', [1, 2, 3])
    .fail('l2-baseline', 'apache', { message: evil })
    .skip('l1-passthrough', 'apache', evil);
  const page = reportHtml(journal.results);
  expect(page).not.toMatch(/<img|<script/);
  const drawings = [...page.matchAll(/data:image\/svg\+xml;charset=utf-8;base64,([^"]+)/g)].map(
    ([, text = '']) => Buffer.from(text, 'base64').toString(),
  );
  expect(drawings.filter((drawing) => drawing.includes('onerror')).length).toBeGreaterThan(0);
  expect(drawings.filter((drawing) => /<img|<script/.test(drawing))).toEqual([]);
});

/** The page's words without its markup. */
function plain(page: string): string {
  return page.replaceAll(/<[^>]+>/g, '').replaceAll(/\s+/g, ' ');
}

test('whiskers show the ratio of means over boots; with one boot there are none, and the page says why', () => {
  using once = wholeJournal();
  const without = reportHtml(once.results);
  expect(plain(without)).toContain(
    'There are no whiskers: measurements within one boot do not show how boots differ',
  );
  expect(plain(without)).toContain('runs within one boot');
  expect(without).not.toContain('95 % interval');
  using thrice = bootedJournal();
  expect(plain(reportHtml(thrice.results))).toContain(
    'Whiskers are 95 % confidence intervals of the ratio of the means over boots',
  );
  expect(reportHtml(thrice.results)).toContain('95 % interval of the ratio of means');
});

/** The words of one section of the page, by its heading's id. */
function section(page: string, id: string): string {
  const [, words = ''] = new RegExp(`aria-labelledby="${id}">([^]*?)</section>`).exec(page) ?? [];
  return plain(words).trim();
}

test('without a native, the values of the cells are drawn side by side, and no overheads', () => {
  using journal = partialJournal();
  const page = reportHtml(journal.results);
  const values = section(page, 'values');
  expect(values).toContain('EXPERIMENT=2026-11-23-0040 npx vitest run suites/l0');
  expect(values).toContain('l2-baseline 0.676 ± 0.059, l2-dvh 0.649 ± 0.100, l2-vp-idle 0.7020.');
  expect(values).not.toContain('A whisker that reaches the edge is longer.');
  const drawings = [...page.matchAll(/<svg role="img" aria-labelledby="measured-values-\d+-t/g)];
  expect(drawings).toHaveLength(2);
  expect(section(page, 'overheads')).toContain(
    'There is nothing to draw: an overhead needs l0-baseline and another cell.',
  );
  expect(section(page, 'overheads')).not.toContain('Figure');
});

test('a whisker is cut at twice the longest bar, and the caption says so', () => {
  using journal = partialJournal();
  journal.samples('l3-baseline', 'mysql', [1, 9]);
  expect(section(reportHtml(journal.results), 'values')).toContain(
    'A whisker that reaches the edge is longer.',
  );
});

test('values are only drawn for benchmarks without a native, and overheads for the others', () => {
  using journal = partialJournal();
  journal.samples('l0-baseline', 'hackbench', [0.31, 0.3]);
  const page = reportHtml(journal.results);
  expect(section(page, 'values')).not.toContain('hackbench');
  expect(section(page, 'overheads')).toContain('Figure 5. Overhead at L1 and L2');
  expect(section(page, 'overheads')).not.toContain('Figure 6');
});

test('what was not run is listed once, and has no place in figures and tables', () => {
  using journal = partialJournal();
  journal.samples('l0-baseline', 'hackbench', [0.31, 0.3]);
  const page = reportHtml(journal.results);
  expect(section(page, 'overview')).toContain(
    'not run l0-baseline: mysql, netperf-rr, netperf-stream, netperf-maerts, apache, memcached; ' +
      'l1-baseline, l1-passthrough, l2-passthrough, l2-dvh-vp, l3-baseline, l3-passthrough, l3-dvh-vp, l3-dvh, l3-vp-idle; ' +
      'l2-baseline, l2-dvh, l2-vp-idle: mysql, netperf-stream, netperf-maerts, apache, memcached',
  );
  const table4 = section(page, 'table-4');
  expect(table4).not.toMatch(/l1-|l3-|mysql|apache/);
  const drawings = section(page, 'overheads').replaceAll(/Numbers of “.*/g, '');
  expect(drawings).not.toContain('not run');
});

test('a complete experiment has no section of values, and lists nothing as not run', () => {
  using journal = wholeJournal();
  const page = reportHtml(journal.results);
  expect(page).not.toContain('id="values"');
  expect(page).not.toContain('#values');
  expect(page).not.toContain('not run');
});

function banners({ results }: TestJournal): string[] {
  return [...reportHtml(results).matchAll(/role="note">\s*<strong>([^<]+)/g)].map(([, words = '']) => words);
}

function on(...accelerators: ('tcg' | 'kvm')[]): string[] {
  using journal = new TestJournal();
  for (const accelerator of accelerators) {
    journal.start({ testbed: { kind: 'emulated', accelerator, settings: {} } });
  }
  return banners(journal);
}

test('banners: emulated, virtual, several testbeds, unknown', () => {
  expect(on('tcg')).toEqual(['Emulated hardware.']);
  expect(on('kvm')).toEqual(['Virtual server.']);
  expect(on('tcg', 'kvm')).toEqual(['Emulated hardware.', 'Virtual server.', 'Several testbeds.']);
});

test('without any record there is a page that says so', () => {
  const page = reportHtml(collectResults([]));
  expect(page).toContain('<strong>Unknown testbed.</strong>');
  expect(page).toContain('There are no samples yet.');
});

test('equal machines are listed once, with all their cells', () => {
  using journal = reportJournal();
  const page = reportHtml(journal.results);
  const folds = [...page.matchAll(/<details class="environment">\s*<summary>([^]*?)<\/summary>/g)].map(
    ([, words = '']) =>
      words
        .replaceAll(/<[^>]+>/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
  );
  expect(folds).toEqual([
    'Experiment, host and versions',
    'client in l0-baseline, l1-baseline, l2-baseline, l2-vp-idle',
    'L0 in l0-baseline, l1-baseline, l2-baseline, l2-vp-idle',
    'L1 in l1-baseline, l2-baseline, l2-vp-idle',
    'L2 in l2-baseline, l2-vp-idle',
  ]);
  expect(page).toContain('nestbench.name=&quot;a &lt;b&gt;&quot;');
  expect(page).toContain(
    'qemu-system-x86_64 \\\n  -M q35 \\\n  -append &#39;it&#39;\\&#39;&#39;s quiet&#39; \\\n  -nodefaults',
  );
});

test('only some of very many samples are drawn, and no outlier is lost', () => {
  using journal = new TestJournal();
  journal.start().samples('l0-baseline', 'hackbench', [1, 1]);
  const { results } = journal;
  const few = reportHtml(results).length;
  const values = Array.from({ length: 200_000 }, (_, index) => 1 + (index % 5) / 100);
  values[123_456] = 9;
  const measured = results.cells[0]?.outcomes.get('hackbench');
  if (measured?.state !== 'measured') throw new Error('hackbench was measured');
  const [run] = measured.runs;
  if (run === undefined) throw new Error('it has a run');
  const long = {
    ...run,
    values,
    iterations: values.map((_, index) => index + 1),
    startedAt: values.map((_, index) => 1_795_000_000_000 + index),
  };
  const statistics = { ...measured.statistics, n: values.length, min: 1, max: 9, median: 1.02 };
  const cells = results.cells.map((cell, index) =>
    index === 0
      ? { ...cell, outcomes: new Map([['hackbench', { ...measured, runs: [long], statistics }]]) }
      : cell,
  );
  const page = reportHtml({ ...results, cells });
  expect(page.length - few).toBeLessThan(60_000);
  const csv = Buffer.from(
    /samples-hackbench\.csv"\s+href="[^,]*,([^"]+)/.exec(page)?.[1] ?? '',
    'base64',
  ).toString();
  expect(csv).toContain('l0-baseline,123457,1,123457,2026-11-18T');
  expect(csv.split('\n').length).toBe(1 + 240 + 1);
});

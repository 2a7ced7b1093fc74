import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KVM_COUNTERS } from '../fixtures/kvm-counters.ts';
import { realisticJournal } from './experiment.testing.ts';
import { TestJournal } from './journal.testing.ts';
import { loadResults } from './load.ts';
import { loadPart } from './load-parts.ts';
import { collectItems } from './results.ts';

test('a short journal is read as its records are', async () => {
  using journal = realisticJournal();
  const { results, damaged } = await loadResults(journal.directory);
  expect(damaged).toEqual([]);
  expect(results).toEqual(journal.results);
});

/** One that is long enough to be read by several threads, cut in the midst of a run, with damage near its end. */
function longJournal(): TestJournal {
  const exits = Object.fromEntries(KVM_COUNTERS.map((name) => [name, 7]));
  const journal = new TestJournal().start();
  for (const [cell, value] of [
    ['l0-baseline', 2],
    ['l1-baseline', 3],
    ['l2-baseline', 5],
  ] as const) {
    journal.sample({
      cell,
      benchmark: 'hackbench',
      value,
      gapSeconds: 0.01,
      l0: { seconds: 2, exits, cpuSeconds: { kernel: 0.1, harness: 0.001 * value } },
    });
    const line = readFileSync(journal.journal.file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    const more = Array.from({ length: 11_000 }, (_, index) =>
      line.replace('"iteration":1', `"iteration":${index + 2}`),
    );
    appendFileSync(journal.journal.file, `${more.join('\n')}\n`);
  }
  appendFileSync(journal.journal.file, '{"type":"sam\n');
  return journal;
}

test('a long one gives the same when threads share it', async () => {
  using journal = longJournal();
  const { file } = journal.journal;
  expect(statSync(file).size).toBeGreaterThan(16 * 2 ** 20);
  const { results, damaged } = await loadResults(journal.directory);
  const whole = loadPart(file);
  expect(damaged).toEqual(whole.damaged);
  expect(damaged).toEqual([{ line: 33_005, reason: 'not JSON: torn by a kill, or damaged' }]);
  const alone = collectItems(whole.items);
  expect(results.benchmarks).toEqual(alone.benchmarks);
  for (const { name } of results.cells) {
    const [ours, its] = [results, alone].map((each) => {
      const outcome = each.cells.find((cell) => cell.name === name)?.outcomes.get('hackbench');
      // The parts meet inside a run, whose stretches are then two.
      return outcome?.state === 'measured'
        ? outcome.runs.map(({ run, values, iterations, startedAt, statistics }) => [
            run,
            values,
            iterations,
            startedAt,
            statistics,
          ])
        : outcome?.state;
    });
    expect(ours).toEqual(its);
  }
});

test.each([
  ['copied behind itself', (lines: string[]) => [...lines, ...lines]],
  ['with every line twice', (lines: string[]) => lines.flatMap((line) => [line, line])],
])('a journal %s gives what it gave before', async (_, copy) => {
  using journal = realisticJournal();
  const { file } = journal.journal;
  const before = journal.results;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${copy(lines).join('\n')}\n`);
  const { results, damaged } = await loadResults(journal.directory);
  expect(results).toEqual(before);
  expect(journal.results).toEqual(before);
  expect(damaged).toHaveLength(lines.length);
});

import { expect, test } from 'vitest';
import { artifactText, measuredBenchmarks } from './artifact-text.ts';
import { TestJournal } from '../model/journal.testing.ts';

test('two runs of two benchmarks, as in the README of the artifact', () => {
  using journal = new TestJournal();
  journal
    .samples('l0-baseline', 'netperf-rr', [20_081.91, 20_089.42], 1)
    .samples('l0-baseline', 'netperf-rr', [19_990.36, 20_135.43], 2)
    .samples('l0-baseline', 'netperf-stream', [9413.8, 9411.59], 1)
    .samples('l0-baseline', 'netperf-stream', [9413.92], 2)
    .skip('l1-passthrough', 'netperf-rr', 'not built');
  expect(artifactText(journal.results)).toMatchInlineSnapshot(`
    "netperf-rr
    ----------netperf-rr----------
    20081.91,19990.36
    20089.42,20135.43
    ------------------------------------------------------------

    netperf-stream
    ----------netperf-stream----------
    9413.8,9413.92
    9411.59,
    ------------------------------------------------------------

    "
  `);
  expect(measuredBenchmarks(journal.results)).toEqual(['netperf-rr', 'netperf-stream']);
});

test('with several cells each is named, and one benchmark can be selected', () => {
  using journal = new TestJournal();
  journal
    .samples('l1-baseline', 'hackbench', [2])
    .samples('l0-baseline', 'hackbench', [1])
    .samples('l0-baseline', 'netperf-rr', [5]);
  expect(artifactText(journal.results, 'hackbench')).toMatchInlineSnapshot(`
    "== l0-baseline ==
    hackbench
    ----------hackbench----------
    1
    ------------------------------------------------------------

    == l1-baseline ==
    hackbench
    ----------hackbench----------
    2
    ------------------------------------------------------------

    "
  `);
});

import { expect, test } from 'vitest';
import { parseSeriesOptions } from './series-options.ts';

const NOW = new Date('2026-11-23T01:19:00.123Z');
const parse = (...words: string[]) => parseSeriesOptions(words, NOW);
const FROM = ['--repository', '../linux'];

test('a list of revisions is measured at all levels, with all operations', () => {
  const options = parse(...FROM, 'v6.1', 'v6.12', 'v6.16');
  expect(options).toMatchObject({
    command: 'start',
    name: 'series-2026-11-23T01-19-00',
    repository: '../linux',
    range: undefined,
    revisions: ['v6.1', 'v6.12', 'v6.16'],
    cells: ['l1-baseline', 'l2-baseline', 'l3-baseline'],
    suite: 'trixie',
  });
  expect(options.command === 'start' && options.benchmarks).toHaveLength(8);
});

test('the tags of a range', () => {
  expect(parse(...FROM, 'v6.1..v6.12', '--tags')).toMatchObject({
    range: { from: 'v6.1', to: 'v6.12' },
    revisions: [],
  });
});

test.each([
  [['--cell', 'l2-baseline', '--cell', 'l1-baseline'], { cells: ['l1-baseline', 'l2-baseline'] }],
  [['--benchmark', 'cpuid', '--benchmark', 'cpuid'], { benchmarks: ['cpuid'] }],
  [['--suite', 'bookworm', '--name', 'mine'], { suite: 'bookworm', name: 'mine' }],
])('%j', (words, expected) => {
  expect(parse(...FROM, 'v6.1', 'v6.12', ...words)).toMatchObject(expected);
});

test('--continue takes at most a name', () => {
  expect(parse('--continue')).toEqual({ command: 'continue', name: undefined });
  expect(parse('--continue', '--name', 'mine')).toEqual({ command: 'continue', name: 'mine' });
  expect(() => parse('--continue', 'v6.1')).toThrow('--continue takes only --name');
});

test.each([
  [['v6.1', 'v6.12'], 'Name --repository.'],
  [[...FROM], 'Name at least two revisions'],
  [[...FROM, 'v6.1'], 'Name at least two revisions'],
  [[...FROM, 'v6.1..v6.12'], 'Add --tags to measure the tags of v6.1..v6.12.'],
  [[...FROM, '--tags'], '--tags takes one range'],
  [[...FROM, 'v6.1', 'v6.12', '--tags'], '--tags takes one range'],
  [[...FROM, 'v6.1..v6.12', 'v6.16', '--tags'], '--tags takes one range'],
  [[...FROM, 'v6.1...v6.12', '--tags'], '--tags takes one range'],
  [[...FROM, 'v6.1', 'v6.12', '--cell', 'l2-dvh'], '--cell is "l2-dvh"'],
  [[...FROM, 'v6.1', 'v6.12', '--benchmark', 'hackbench'], '--benchmark is "hackbench"'],
  [[...FROM, 'v6.1', 'v6.12', '--suite', 'sid'], '--suite is "sid"'],
])('%j: %s', (words, sentence) => {
  expect(() => parse(...words)).toThrow(sentence);
});

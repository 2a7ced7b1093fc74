import { expect, test } from 'vitest';
import { parseBisectOptions } from './bisect-options.ts';

const NOW = new Date('2026-11-23T01:19:00.123Z');
const ENDS = ['--repository', '../linux', '--good', 'v6.6', '--bad', 'v6.12', '--cell', 'l2-baseline'];
const ALL = [...ENDS, '--benchmark', 'hypercall'];

test('a cell, a benchmark and two ends are enough', () => {
  expect(parseBisectOptions(ALL, NOW)).toEqual({
    command: 'start',
    name: 'bisect-2026-11-23T01-19-00',
    repository: '../linux',
    good: 'v6.6',
    bad: 'v6.12',
    cell: 'l2-baseline',
    benchmarks: ['hypercall'],
    any: false,
    threshold: 0.01,
    suite: 'trixie',
  });
});

test.each([
  [['--threshold', '0.5%'], { threshold: 0.005 }],
  [['--benchmark', 'cpuid', '--any'], { benchmarks: ['hypercall', 'cpuid'], any: true }],
  [['--suite', 'bookworm', '--name', 'mine'], { suite: 'bookworm', name: 'mine' }],
])('%j', (words, options) => {
  expect(parseBisectOptions([...ALL, ...words], NOW)).toMatchObject(options);
});

test('--any alone watches every benchmark', () => {
  const options = parseBisectOptions([...ENDS, '--any'], NOW);
  expect(options).toMatchObject({ benchmarks: expect.arrayContaining(['hypercall', 'cpuid', 'halt-wake']) });
});

test('--continue takes only a name', () => {
  expect(parseBisectOptions(['--continue'], NOW)).toEqual({ command: 'continue', name: undefined });
  expect(parseBisectOptions(['--continue', '--name', 'mine'], NOW)).toEqual({
    command: 'continue',
    name: 'mine',
  });
  expect(() => parseBisectOptions(['--continue', '--any'], NOW)).toThrow(/--continue takes only --name/);
});

test.each([
  [ALL.slice(2), /^Name --repository, --good, --bad and --cell\./],
  [ENDS, /^Name a --benchmark, or watch all with --any\./],
  [[...ENDS, '--benchmark', 'netperf-rr'], /--benchmark is "netperf-rr": it must be one of hypercall, /],
  [ALL.with(ALL.indexOf('l2-baseline'), 'l2-dvh'), /--cell is "l2-dvh": it must be one of .*l2-baseline/],
  [[...ALL, '--threshold', '0%'], /--threshold is "0%": .* such as 1%/],
  [[...ALL, '--threshold', '1'], /--threshold is "1": /],
  [[...ALL, '--suite', 'sid'], /--suite is "sid": it must be one of trixie, bookworm/],
  [[...ALL, '--name', '../x'], /--name is "..\/x": /],
  [[...ALL, 'v6.1'], /"v6.1" belongs to no option/],
])('%j is refused', (words, message) => {
  expect(() => parseBisectOptions(words, NOW)).toThrow(message);
});

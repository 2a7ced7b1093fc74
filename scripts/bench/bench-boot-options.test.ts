import { expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { parseBenchOptions } from './bench-boot-options.ts';

const names = (...argv: string[]): string[] => parseBenchOptions(argv).cells.map(({ name }) => name);

test('no level means all three', () => {
  expect(names()).toEqual(['l1-baseline', 'l2-baseline', 'l3-baseline']);
  expect(parseBenchOptions([])).toMatchObject({ rounds: 1, stockDeadlineSeconds: 300 });
});

test('levels are booted once each, the shallowest first, in whatever order they are named', () => {
  expect(names('l3', 'l1', 'l3')).toEqual(['l1-baseline', 'l3-baseline']);
});

test('rounds and the deadline of stock are whole numbers', () => {
  const options = parseBenchOptions(['l2', '--rounds', '3', '--stock-deadline=45']);
  expect(options).toMatchObject({ rounds: 3, stockDeadlineSeconds: 45 });
});

test.for([
  { argv: ['l4'], says: 'There is no level "l4"' },
  { argv: ['l2-dvh'], says: 'There is no level "l2-dvh"' },
  { argv: ['--rounds', '0'], says: '--rounds is "0": it must be a whole number from 1 to 1000' },
  { argv: ['--rounds', 'many'], says: '--rounds is "many"' },
  { argv: ['--rounds='], says: '--rounds is ""' },
  { argv: ['--stock-deadline', '1.5'], says: '--stock-deadline is "1.5"' },
  { argv: ['--stock-deadline=1e9'], says: '--stock-deadline is "1e9"' },
  { argv: ['--fast'], says: "Unknown option '--fast'" },
  { argv: ['--rounds'], says: "Option '--rounds <value>' argument missing" },
])('$argv is rejected in one line, with the usage', ({ argv, says }) => {
  const parse = () => parseBenchOptions(argv);
  expect(parse).toThrow(InputError);
  expect(parse).toThrow(says);
  expect(parse).toThrow(/^[^\n]+ Usage: npm run bench:boot -- [^\n]+\.$/);
});

import { expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { parseBenchOptions } from './bench-adaptive-options.ts';

test('the default is 10000 series for 2 %, and no experiment', () => {
  expect(parseBenchOptions([])).toEqual({
    experiments: [],
    target: 0.02,
    repeats: 10_000,
    seed: 1,
  });
});

test('given options are used', () => {
  expect(
    parseBenchOptions(['latest', 'results/x', '--target=5%', '--repeats', '200', '--seed', '0']),
  ).toEqual({
    experiments: ['latest', 'results/x'],
    target: 0.05,
    repeats: 200,
    seed: 0,
  });
});

test.for([
  { argv: ['--repeats', '199'], says: '--repeats is "199": it must be a whole number from 200 to 1000000' },
  { argv: ['--repeats', '1e3'], says: '--repeats is "1e3"' },
  { argv: ['--seed='], says: '--seed is ""' },
  { argv: ['--seed', '2147483648'], says: '--seed is "2147483648"' },
  { argv: ['--target', '2'], says: '--target is "2": it is the half-width' },
  { argv: ['--fast'], says: "Unknown option '--fast'" },
])('$argv is rejected in one line', ({ argv, says }) => {
  const parse = () => parseBenchOptions(argv);
  expect(parse).toThrow(InputError);
  expect(parse).toThrow(says);
  expect(parse).toThrow(/^[^\n]+$/);
});

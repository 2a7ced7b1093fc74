import { expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { parseFaultsOptions } from './faults-options.ts';
import { FAULT_KINDS } from './kinds.ts';

test('a seed is enough', () => {
  expect(parseFaultsOptions(['--seed', '7'])).toMatchObject({
    seed: 7,
    count: 20,
    only: undefined,
    kinds: FAULT_KINDS,
    plan: false,
  });
});

function only(text: string): unknown {
  return parseFaultsOptions(['--seed', '7', '--only', text]).only;
}

test('one fault, or a range of them, can be selected', () => {
  expect(only('12')).toEqual({ first: 12, last: 12 });
  expect(only('21-40')).toEqual({ first: 21, last: 40 });
});

test('kinds can be selected', () => {
  const { kinds } = parseFaultsOptions(['--seed', '7', '--kind', 'panic', '--kind', 'kill-qemu']);
  expect(kinds.map(({ name }) => name)).toEqual(['kill-qemu', 'panic']);
});

test.each([
  ['no seed', [], 'Name a --seed'],
  ['a seed that is no number', ['--seed', 'x'], '--seed is "x"'],
  ['an unknown kind', ['--seed', '7', '--kind', 'x'], 'There is no kind "x". Known are kill-run, '],
  ['a range that ends before it begins', ['--seed', '7', '--only', '4-2'], '--only is "4-2"'],
  ['a word', ['--seed', '7', 'panic'], '"panic" is not an option'],
])('%s is rejected', (_, argv, why) => {
  const parse = (): unknown => parseFaultsOptions(argv);
  expect(parse).toThrow(InputError);
  expect(parse).toThrow(why);
});

import { expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { kindsOn } from './draw-plan.ts';
import { parseFaultsOptions } from './faults-options.ts';
import { FAULT_KINDS } from './kinds.ts';

test('a seed is enough', () => {
  expect(parseFaultsOptions(['--seed', '7'])).toMatchObject({
    seed: 7,
    count: 20,
    only: undefined,
    kinds: kindsOn('emulated', FAULT_KINDS),
    plan: false,
    testbed: 'emulated',
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

test('two machines of one’s own have kinds and cells of their own', () => {
  const argv = ['--seed', '7', '--testbed', 'testbed.yaml', '--break-these-machines'];
  const options = parseFaultsOptions([...argv, '--kind', 'power-cut', '--kind', 'cut-ssh']);
  expect(options).toMatchObject({ testbed: 'physical', file: 'testbed.yaml' });
  expect(options.kinds.map(({ name }) => name)).toEqual(['cut-ssh', 'power-cut']);
  expect(() => parseFaultsOptions([...argv, '--cell', 'l2-baseline'])).toThrow(
    '--cell is "l2-baseline". Known are l0-baseline, l1-baseline.',
  );
});

test('a plan breaks nothing, so it needs no leave', () => {
  expect(parseFaultsOptions(['--seed', '7', '--testbed', 'testbed.yaml', '--plan']).plan).toBe(true);
});

test.each([
  ['no seed', [], 'Name a --seed'],
  ['a seed that is no number', ['--seed', 'x'], '--seed is "x"'],
  ['an unknown kind', ['--seed', '7', '--kind', 'x'], 'There is no kind "x". Known are kill-run, '],
  ['a range that ends before it begins', ['--seed', '7', '--only', '4-2'], '--only is "4-2"'],
  ['a kind of another testbed', ['--seed', '7', '--kind', 'power-cut'], '"power-cut" on this testbed. Known'],
  [
    'machines of one’s own that nobody says may be broken',
    ['--seed', '7', '--testbed', 'testbed.yaml'],
    'resets them without a warning',
  ],
  ['machines to break without a testbed', ['--seed', '7', '--break-these-machines'], 'needs the --testbed'],
  ['a word', ['--seed', '7', 'panic'], '"panic" is not an option'],
])('%s is rejected', (_, argv, why) => {
  const parse = (): unknown => parseFaultsOptions(argv);
  expect(parse).toThrow(InputError);
  expect(parse).toThrow(why);
});

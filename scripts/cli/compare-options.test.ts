import { describe, expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { parseCompareArguments } from './compare-options.ts';

test('two experiments are enough', () => {
  expect(parseCompareArguments(['one', 'two'])).toEqual({
    base: 'one',
    head: 'two',
    significance: undefined,
    minimumEffect: undefined,
    minimumEffects: new Map(),
    json: null,
  });
});

test('a minimum effect for all, and others by benchmark', () => {
  const argv = [
    '--minimum-effect',
    '3%',
    'a',
    'b',
    '--minimum-effect',
    'hackbench=10%',
    '--minimum-effect=apache=0.5 %',
  ];
  expect(parseCompareArguments(argv)).toMatchObject({
    minimumEffect: 0.03,
    minimumEffects: new Map([
      ['hackbench', 0.1],
      ['apache', 0.005],
    ]),
  });
});

test.each([
  [['--json', 'a', 'b'], { to: 'output' }],
  [['a', 'b', '--json'], { to: 'output' }],
  [['a', 'b', '--json=c.json'], { to: 'file', file: 'c.json' }],
])('%j', (argv, json) => {
  expect(parseCompareArguments(argv)).toMatchObject({ base: 'a', head: 'b', json });
});

describe('one sentence with the usage for', () => {
  test.each([
    [[]],
    [['one']],
    [['one', 'two', 'three']],
    [['a', 'b', '--nosuch']],
    [['a', 'b', '--json=']],
    [['a', 'b', '--significance', '0']],
    [['a', 'b', '--significance', '1']],
    [['a', 'b', '--significance', '']],
    [['a', 'b', '--significance', 'high']],
    [['a', 'b', '--minimum-effect', '5']],
    [['a', 'b', '--minimum-effect', '-5%']],
    [['a', 'b', '--minimum-effect', 'hackbench=']],
    [['a', 'b', '--minimum-effect', '=5%']],
  ])('%j', (argv) => {
    let error: unknown;
    try {
      parseCompareArguments(argv);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InputError);
    expect(String(error)).toMatch(/Usage: npm run compare|Name two experiments: npm run compare/);
  });
});

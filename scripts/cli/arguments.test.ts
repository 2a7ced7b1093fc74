import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

function parse(...args: readonly string[]) {
  return parseArguments(
    {
      args: [...args],
      options: {
        one: { type: 'string', short: 'o' },
        many: { type: 'string', multiple: true },
        flag: { type: 'boolean' },
      },
    },
    'npm run it',
  ).values;
}

test('an option has one value, or several if allowed', () => {
  expect(parse('--one', 'a', '--many', 'b', '--many=c', '--flag', '--flag')).toEqual({
    one: 'a',
    many: ['b', 'c'],
    flag: true,
  });
});

test.each([
  [['--one', ''], '--one is "": it needs a value.'],
  [['--one='], '--one is "": it needs a value.'],
  [['--many', 'a', '--many', ''], '--many is "": it needs a value.'],
  [['--one', 'a', '--one', 'b'], '--one is given more than once.'],
  [['--one', 'a', '-o', 'a'], '--one is given more than once.'],
])('%j is rejected', (args, why) => {
  expect(() => parse(...args)).toThrow(`${why} Usage: npm run it.`);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { parseAgainstOptions } from './bench-against-options.ts';

function checkout(): string {
  const place = temporaryDirectory();
  mkdirSync(path.join(place, 'node_modules'));
  writeFileSync(path.join(place, 'vitest.config.ts'), '');
  return place;
}

test('what follows "--" is Vitest’s, with its own "--"', () => {
  const base = checkout();
  const argv = [base, '--rounds', '2', '--', 'suites/l2', '-t', 'hackbench', '--', '--cold'];
  expect(parseAgainstOptions(argv)).toEqual({
    base,
    cache: undefined,
    rounds: 2,
    isPrepared: false,
    argv: ['vitest', 'run', 'suites/l2', '-t', 'hackbench', '--', '--cold'],
  });
  expect(parseAgainstOptions([base, '--cache=c', '--prepared', '--', 'suites'])).toMatchObject({
    cache: path.resolve('c'),
    rounds: 3,
    isPrepared: true,
  });
});

test.for([
  { argv: [], says: 'Name another checkout' },
  { argv: ['HERE'], says: 'after "--" what Vitest is to run' },
  { argv: ['/nowhere', 'suites'], says: '/nowhere is not a checkout of nestbench' },
  { argv: ['HERE', '--rounds', '0', '--', 'suites'], says: '--rounds is "0"' },
])('says what is wrong with $argv', ({ argv, says }) => {
  const base = checkout();
  expect(() => parseAgainstOptions(argv.map((word) => (word === 'HERE' ? base : word)))).toThrow(says);
});

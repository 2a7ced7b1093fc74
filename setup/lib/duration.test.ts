import { describe, expect, test } from 'vitest';
import { inWords, parseDuration } from './duration.ts';

describe('a duration in words', () => {
  test.each([
    [0, '1 s'],
    [0.4, '1 s'],
    [3.4, '3 s'],
    [89.4, '89 s'],
    [89.6, '90 s'],
    [90, '2 min'],
    [150, '3 min'],
    [3600, '60 min'],
    [5399, '1 h 30 min'],
    [3900 * 2, '2 h 10 min'],
    [7200, '2 h 0 min'],
  ])('%s s is %s', (seconds, words) => {
    expect(inWords(seconds)).toBe(words);
  });
});

test.each([
  ['90s', 90],
  ['30 min', 1800],
  ['1.5h', 5400],
  ['0h', undefined],
  ['8', undefined],
  ['8 hours', undefined],
  ['', undefined],
])('"%s" is %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

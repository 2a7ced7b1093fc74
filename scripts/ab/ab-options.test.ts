import { describe, expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { parseAbOptions } from './ab-options.ts';

const NOW = new Date('2026-11-23T01:19:00.123Z');
const BOTH = ['--base', 'stock', '--head', 'mine.yaml'];

test('two variants are enough', () => {
  expect(parseAbOptions(BOTH, NOW)).toMatchObject({
    base: 'stock',
    head: 'mine.yaml',
    name: 'ab-2026-11-23T01-19-00',
    rounds: 12,
    projects: [],
    pattern: undefined,
    suites: ['suites'],
  });
});

test('what to measure is selected as with Vitest', () => {
  const others = [
    'suites/l1',
    'suites/l2',
    '--project',
    'l1-baseline',
    '--project',
    'l2-baseline',
    '-t',
    'netperf',
  ];
  expect(parseAbOptions([...BOTH, ...others], NOW)).toMatchObject({
    suites: ['suites/l1', 'suites/l2'],
    projects: ['l1-baseline', 'l2-baseline'],
    pattern: 'netperf',
  });
});

describe('is rejected before anything is measured', () => {
  test.each([
    ['one variant', ['--base', 'stock'], 'Name both variants'],
    ['a name outside the results', [...BOTH, '--name', '../../etc/x'], '--name is "../../etc/x"'],
    ['a name that is a path', [...BOTH, '--name', '/etc/x'], '--name is "/etc/x"'],
    ['a name of dots', [...BOTH, '--name', '..'], '--name is ".."'],
    ['no name', [...BOTH, '--name', ''], '--name is ""'],
    ['rounds that are not a number', [...BOTH, '--rounds', 'x'], '--rounds is "x"'],
    ['no rounds', [...BOTH, '--rounds', '0'], '--rounds is "0"'],
    ['too few rounds for any change', [...BOTH, '--rounds', '4'], 'could be distinguished from chance'],
    ['an unknown option', [...BOTH, '--round', '4'], "'--round'"],
  ])('%s', (_, argv, why) => {
    const parse = (): unknown => parseAbOptions(argv, NOW);
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(why);
    expect(parse).toThrow('npm run ab -- --base VARIANT --head VARIANT');
  });
});

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROFILES } from '../fixtures/profiles.ts';
import { InputError } from './errors.ts';
import { resolveSettings, type Settings } from './settings.ts';
import { findVariant } from './variant.ts';

const now = new Date('2026-11-23T01:19:00.123Z');

function resolve(environment: NodeJS.ProcessEnv = {}): Settings {
  return resolveSettings(environment, now);
}

test('where nothing is chosen, the start names the experiment and quick is the profile', () => {
  expect(resolve()).toEqual({
    experiment: '2026-11-23T01-19-00',
    folder: '2026-11-23T01-19-00',
    profile: PROFILES.quick,
    variant: findVariant(),
    resultsDirectory: path.resolve('results'),
    waitMinutes: 60,
  });
});

test('what is chosen is taken', () => {
  expect(
    resolve({
      EXPERIMENT: 'patch-7_v2.1',
      PROFILE: 'paper',
      RESULTS: '/srv/results',
      VARIANT: 'no-virtual-vmload',
      WAIT: '0',
    }),
  ).toEqual({
    experiment: 'patch-7_v2.1',
    folder: 'patch-7_v2.1',
    profile: PROFILES.paper,
    variant: findVariant('no-virtual-vmload'),
    resultsDirectory: '/srv/results',
    waitMinutes: 0,
  });
});

test('a shard has a folder of its own under the name that it shares with the others', () => {
  const shard = { index: 2, count: 3 };
  const { experiment, folder } = resolveSettings({ EXPERIMENT: 'night' }, now, shard);
  expect([experiment, folder]).toEqual(['night', 'night.shard-2-of-3']);
  expect(() => resolveSettings({}, now, shard)).toThrow('The shards of an experiment share its name');
});

test('a relative RESULTS is meant from where one stands', () => {
  expect(resolve({ RESULTS: 'elsewhere/results' }).resultsDirectory).toBe(path.resolve('elsewhere/results'));
});

test('fractions of a minute can be waited', () => {
  expect(resolve({ WAIT: '0.5' }).waitMinutes).toBe(0.5);
});

// As CI systems do with an input that was left out.
test.each(['EXPERIMENT', 'PROFILE', 'RESULTS', 'VARIANT', 'WAIT'])('%s set to nothing is not set', (name) => {
  expect(resolve({ [name]: '' })).toEqual(resolve());
  expect(resolve({ [name]: '  ' })).toEqual(resolve());
});

function refused(environment: NodeJS.ProcessEnv): InputError {
  try {
    resolve(environment);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('wrong input', () => {
  test.each(['a/b', '..', '.hidden', '-x', 'a b', 'ä', 'x'.repeat(101), 'a\nb', 'latest'])(
    'EXPERIMENT %j is refused with what a name may be',
    (name) => {
      const error = refused({ EXPERIMENT: name });
      expect(error.code).toBe('NESTBENCH_UNKNOWN_EXPERIMENT');
      expect(error.message).toContain(`EXPERIMENT is "${name}": `);
    },
  );

  test.each(['slow', 'Paper', 'toString'])('PROFILE %j is refused with the profiles there are', (name) => {
    const error = refused({ PROFILE: name });
    expect(error.code).toBe('NESTBENCH_UNKNOWN_PROFILE');
    expect(error.message).toBe(`There is no profile "${name}". PROFILE is one of paper, quick, smoke.`);
  });

  test.each(['-1', 'long', 'Infinity', 'NaN', '5 min'])(
    'WAIT %j is refused with what it means',
    (minutes) => {
      const error = refused({ WAIT: minutes });
      expect(error.code).toBe('NESTBENCH_UNKNOWN_SETTING');
      expect(error.message).toMatch(new RegExp(`^WAIT is "${minutes}": .*minutes.*0 for none`));
    },
  );
});

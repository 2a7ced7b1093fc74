import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROFILES } from '../../fixtures/profiles.ts';
import { InputError } from '../lib/errors.ts';
import { resolveSettings, type Settings, withOwnOptions } from './settings.ts';
import { findVariant } from './find-variant.ts';

const now = new Date('2026-11-23T01:19:00.123Z');

function resolve(environment: NodeJS.ProcessEnv = {}): Settings {
  return resolveSettings(environment, now);
}

test('by default, the start names the experiment and quick is the profile', () => {
  expect(resolve()).toEqual({
    experiment: '2026-11-23T01-19-00',
    folder: '2026-11-23T01-19-00',
    profile: PROFILES.quick,
    variant: findVariant(),
    resultsDirectory: path.resolve('results'),
    boot: 'warm',
    snapshotBytes: 16e9,
    variables: {},
    waitMinutes: 60,
    testbed: 'emulated',
  });
});

test('given settings are used', () => {
  expect(
    resolve({
      EXPERIMENT: 'patch-7_v2.1',
      PROFILE: 'paper',
      RESULTS: '/srv/results',
      VARIANT: 'no-virtual-vmload',
      BOOT: 'cold',
      ACCELERATOR: 'tcg',
      PARALLEL: '2',
      SNAPSHOT_GB: '0.5',
      WAIT: '0',
      TESTBED: ' lab.yaml ',
    }),
  ).toEqual({
    experiment: 'patch-7_v2.1',
    folder: 'patch-7_v2.1',
    profile: PROFILES.paper,
    variant: findVariant('no-virtual-vmload'),
    resultsDirectory: '/srv/results',
    accelerator: 'tcg',
    parallel: 2,
    boot: 'cold',
    snapshotBytes: 5e8,
    variables: {
      PROFILE: 'paper',
      VARIANT: 'no-virtual-vmload',
      BOOT: 'cold',
      ACCELERATOR: 'tcg',
      PARALLEL: '2',
      TESTBED: 'lab.yaml',
    },
    waitMinutes: 0,
    testbed: 'lab.yaml',
  });
});

test('a shard has its own folder under the name that it shares with the others', () => {
  const shard = { index: 2, count: 3 };
  const { experiment, folder } = resolveSettings({ EXPERIMENT: 'night' }, now, shard);
  expect([experiment, folder]).toEqual(['night', 'night.shard-2-of-3']);
  expect(() => resolveSettings({}, now, shard)).toThrow('The shards of an experiment share its name');
});

test.each([
  [{ RESUME: 'yes' }, 'RESUME is "yes": it must be 1, to measure what EXPERIMENT lacks, or retry-failed'],
  [{ RESUME: '1' }, 'RESUME is "1", but no EXPERIMENT is named'],
  [{ WITHIN: '8' }, 'WITHIN is "8": it must be how long the run may take, such as 90s, 30min or 8h.'],
  [{ BOOT: 'hot' }, 'BOOT is "hot": it must be one of warm, cold.'],
  [{ CLOCK: 'nosuch' }, 'CLOCK is "nosuch": it must be one of real, virtual'],
  [{ ACCELERATOR: 'hvf' }, 'ACCELERATOR is "hvf": it must be one of kvm, tcg'],
  [{ ACCELERATOR: 'kvm', CLOCK: 'virtual' }, 'ACCELERATOR is "kvm" and CLOCK is "virtual"'],
  [{ PARALLEL: '0' }, 'PARALLEL is "0": it must be how many cells run side by side, a whole number from 1'],
  [{ PARALLEL: '1.5' }, 'PARALLEL is "1.5"'],
  [{ SNAPSHOT_GB: '-1' }, 'SNAPSHOT_GB is "-1"'],
  [{ SNAPSHOT_GB: 'much' }, 'SNAPSHOT_GB is "much"'],
])('%o is rejected', (environment, sentence) => {
  expect(() => resolve(environment)).toThrow(sentence);
});

test('after two dashes --cold is BOOT=cold, whatever BOOT says, and nothing else is accepted', () => {
  const argv = ['node', 'vitest', 'run', 'suites/l2'];
  expect(withOwnOptions({ BOOT: 'warm' }, argv)).toEqual({ BOOT: 'warm' });
  expect(withOwnOptions({ BOOT: 'warm' }, [...argv, '--', '--cold'])).toEqual({ BOOT: 'cold' });
  expect(() => withOwnOptions({}, [...argv, '--', '--warm'])).toThrow('There is no option "--warm"');
  expect(() => withOwnOptions({}, [...argv, '--', 'l2'])).toThrow('There is no option "l2"');
});

test('after two dashes --within and --retry-failed are WITHIN and RESUME', () => {
  const given = ['node', 'vitest', 'run', '--', '--retry-failed', '--within', '1.5h'];
  expect(withOwnOptions({}, given)).toEqual({ RESUME: 'retry-failed', WITHIN: '1.5h' });
  expect(resolve({ EXPERIMENT: 'night', ...withOwnOptions({}, given) })).toMatchObject({
    resume: { retryFailed: true },
    withinSeconds: 5400,
  });
  expect(resolve({ EXPERIMENT: 'night', RESUME: '1' }).resume).toEqual({ retryFailed: false });
});

test('a relative RESULTS starts from the working directory', () => {
  expect(resolve({ RESULTS: 'elsewhere/results' }).resultsDirectory).toBe(path.resolve('elsewhere/results'));
});

test('WAIT accepts fractions of a minute', () => {
  expect(resolve({ WAIT: '0.5' }).waitMinutes).toBe(0.5);
});

test('RUNS is the number of runs instead of the profile’s, and changes nothing else', () => {
  expect(resolve({ RUNS: '7' }).profile).toEqual({ ...PROFILES.quick, runs: 7 });
  expect(resolve({ RUNS: '1', PROFILE: 'paper' }).profile).toEqual({ ...PROFILES.paper, runs: 1 });
});

test.each([
  ['1%', 0.01],
  ['0.5 %', 0.005],
  ['10%', 0.1],
  ['0.1%', 0.001],
])('TARGET %s is %d of the mean', (text, share) => {
  const { profile } = resolve({ PROFILE: 'adaptive', TARGET: text });
  expect(profile).toEqual({ ...PROFILES.adaptive, target: share });
});

// As CI systems do with an input that was left out.
test.each([
  'EXPERIMENT',
  'PROFILE',
  'RESULTS',
  'VARIANT',
  'WAIT',
  'RUNS',
  'TARGET',
  'ACCELERATOR',
  'PARALLEL',
])('an empty %s is not set', (name) => {
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
    'EXPERIMENT %j is rejected with what a name may be',
    (name) => {
      const error = refused({ EXPERIMENT: name });
      expect(error.code).toBe('NESTBENCH_UNKNOWN_EXPERIMENT');
      expect(error.message).toContain(`EXPERIMENT is "${name}": `);
    },
  );

  test.each(['slow', 'Paper', 'toString'])('PROFILE %j is rejected with the known profiles', (name) => {
    const error = refused({ PROFILE: name });
    expect(error.code).toBe('NESTBENCH_UNKNOWN_PROFILE');
    expect(error.message).toBe(
      `There is no profile "${name}". PROFILE is one of paper, quick, smoke, adaptive.`,
    );
  });

  test.each(['-1', 'long', 'Infinity', 'NaN', '5 min'])(
    'WAIT %j is rejected with what it means',
    (minutes) => {
      const error = refused({ WAIT: minutes });
      expect(error.code).toBe('NESTBENCH_UNKNOWN_SETTING');
      expect(error.message).toMatch(new RegExp(`^WAIT is "${minutes}": .*minutes.*0 for none`));
    },
  );

  test.each(['0', '-1', '1.5', '1e2', '1001', 'many', 'Infinity'])(
    'RUNS %j is rejected with what it means',
    (runs) => {
      const error = refused({ RUNS: runs });
      expect(error.code).toBe('NESTBENCH_UNKNOWN_SETTING');
      expect(error.message).toBe(
        `RUNS is "${runs}": it must be how many series of samples each benchmark takes, a whole number from 1 to 1000.`,
      );
    },
  );

  test.each(['2', '0.02', '0%', '0.09%', '10.1%', '-1%', '1e1%', 'narrow', '%', '2%%'])(
    'TARGET %j is rejected with what it means',
    (target) => {
      const error = refused({ PROFILE: 'adaptive', TARGET: target });
      expect(error.code).toBe('NESTBENCH_UNKNOWN_SETTING');
      expect(error.message).toContain(`TARGET is "${target}": `);
      expect(error.message).toContain('in percent of its mean, from 0.1% to 10%, as "2%"');
    },
  );

  test.each(['paper', 'quick', 'smoke'])(
    'TARGET is rejected with PROFILE=%s, which does not use it',
    (name) => {
      expect(refused({ PROFILE: name, TARGET: '1%' }).message).toBe(
        `TARGET is "1%", but only PROFILE=adaptive ends a series by it, and this is ${name}, which takes a fixed number of samples.`,
      );
    },
  );
});

import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { STOCK_VARIANT } from '../../fixtures/variant.ts';
import { PROFILES } from '../../fixtures/profiles.ts';
import { type ExperimentRecord, SIDE_BY_SIDE } from '../../fixtures/records.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { checkExperiment, type Environment, openExperiment } from './experiment-record.ts';
import { Journal } from '../journal/journal.ts';
import { readJournal } from '../journal/journal-reader.ts';
import type { Settings } from './settings.ts';

const testbed: ExperimentRecord['testbed'] = {
  kind: 'emulated',
  accelerator: 'tcg',
  settings: { cpu: 'EPYC', sizing: '1 CPU' },
};
const environment: Environment = {
  testbed,
  host: { cpuModel: 'AMD EPYC 7B13', cpus: 2, memoryBytes: 8 * 2 ** 30, kernel: '6.1.0' },
  versions: { kernel: '6.1.192-nestbench' },
};

function settingsOf(
  experiment = 'night',
  resultsDirectory = path.join(temporaryDirectory(), 'results'),
): Settings {
  return {
    experiment,
    folder: experiment,
    resultsDirectory,
    profile: PROFILES.smoke,
    variant: STOCK_VARIANT,
    clock: undefined,
    accelerator: undefined,
    parallel: undefined,
    boot: 'warm',
    snapshotBytes: 0,
    testbed: 'emulated',
    resume: undefined,
    withinSeconds: undefined,
    variables: {},
    waitMinutes: 0,
  };
}

describe('opening an experiment', () => {
  test('writes what will be measured, by which versions, where', async () => {
    const { directory } = await openExperiment(settingsOf(), environment);
    const { records } = readJournal(directory);
    expect(records).toMatchObject([
      {
        type: 'experiment',
        experiment: 'night',
        testbed,
        host: environment.host,
        profile: 'smoke',
        runs: 1,
        versions: {
          kernel: '6.1.192-nestbench',
          nestbench: expect.stringMatching(/^\d+\.\d+\.\d+/),
          node: process.versions.node,
        },
      },
    ]);
  });

  test("names this checkout's commit", async () => {
    const { directory } = await openExperiment(settingsOf(), environment);
    expect(readJournal(directory).records[0]).toHaveProperty(
      'commit',
      expect.stringMatching(/^[0-9a-f]{40}$/),
    );
  });

  test('points latest to it with a relative link, so that the results can be moved', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    expect(readlinkSync(path.join(settings.resultsDirectory, 'latest'))).toBe('night');
  });

  test('points latest to the newest, and leaves no temporary file', async () => {
    const settings = settingsOf('first');
    await openExperiment(settings, environment);
    await openExperiment(settingsOf('second', settings.resultsDirectory), environment);
    expect(readlinkSync(path.join(settings.resultsDirectory, 'latest'))).toBe('second');
    expect(readdirSync(settings.resultsDirectory).toSorted()).toEqual(['first', 'latest', 'second']);
  });

  test('again adds to it', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    const { directory } = await openExperiment(settings, environment);
    expect(readJournal(directory).records.map(({ type }) => type)).toEqual(['experiment', 'experiment']);
  });
});

describe('an existing experiment', () => {
  test('is continued with the load generator that the testbed has, and not with another', async () => {
    const settings = settingsOf();
    const memtier = { ...testbed, settings: { 'loader of memcached': 'memtier_benchmark' } };
    const journal = await openExperiment(settings, { ...environment, testbed: memtier });
    journal.append({
      type: 'series',
      cell: 'l1-baseline',
      benchmark: 'memcached',
      run: 1,
      unit: 'operations/s',
      better: 'higher',
      sizes: {},
      on: 'client',
      argv: ['memtier_benchmark'],
      loader: 'memtier_benchmark',
    });
    expect(() => checkExperiment(settings, memtier)).not.toThrow();
    expect(() => checkExperiment(settings, { ...memtier, settings: {} })).toThrow('with the testbed');
  });

  test('is continued with the same profile on the same testbed', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    expect(() => checkExperiment(settings, { ...testbed, settings: { ...testbed.settings } })).not.toThrow();
  });

  test('is continued whatever the order of the settings', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    const turned = { ...testbed, settings: { sizing: '1 CPU', cpu: 'EPYC' } };
    expect(() => checkExperiment(settings, turned)).not.toThrow();
  });

  test('is not continued side by side if its cells ran one at a time', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    const beside = { ...testbed, settings: { ...testbed.settings, [SIDE_BY_SIDE]: '2' } };
    expect(() => checkExperiment(settings, beside)).toThrow('"side by side":"2"');
  });

  test('is not continued with another profile, and both are named', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    expect(() => checkExperiment({ ...settings, profile: PROFILES.paper }, testbed)).toThrow(
      expect.objectContaining({ name: 'InputError', code: 'NESTBENCH_EXPERIMENT_DIFFERS' }),
    );
    expect(() => checkExperiment({ ...settings, profile: PROFILES.paper }, testbed)).toThrow(
      /^Experiment "night" was measured with the profile smoke; this run has paper\..*select another EXPERIMENT\.$/,
    );
  });

  test('begun with another profile while this run waited for the testbed is not mixed with it', async () => {
    const settings = settingsOf();
    expect(() => checkExperiment({ ...settings, profile: PROFILES.quick }, testbed)).not.toThrow();
    await openExperiment(settings, environment);
    await expect(openExperiment({ ...settings, profile: PROFILES.quick }, environment)).rejects.toThrow(
      'was measured with the profile smoke; this run has quick',
    );
  });

  test('is not continued with another variant, even of the same name', async () => {
    const mine = { name: 'mine', kernelParameters: { l1: ['a=1'] } };
    const settings = { ...settingsOf(), variant: mine };
    const { directory } = await openExperiment(settings, environment);
    expect(readJournal(directory).records[0]).toMatchObject({ variant: mine });
    expect(() => checkExperiment(settings, testbed)).not.toThrow();
    expect(() => checkExperiment({ ...settings, variant: STOCK_VARIANT }, testbed)).toThrow(
      /with the variant \{"name":"mine",.*this run has \{"name":"stock"\}\./,
    );
    const other = { ...mine, kernelParameters: { l1: ['a=2'] } };
    expect(() => checkExperiment({ ...settings, variant: other }, testbed)).toThrow('with the variant');
  });

  test('is not continued with another target', async () => {
    const settings = { ...settingsOf(), profile: PROFILES.adaptive };
    const { directory } = await openExperiment(settings, environment);
    expect(readJournal(directory).records[0]).toMatchObject({ profile: 'adaptive', target: 0.02 });
    const other = { ...settings, profile: { ...PROFILES.adaptive, target: 0.01 } };
    expect(() => checkExperiment(settings, testbed)).not.toThrow();
    expect(() => checkExperiment(other, testbed)).toThrow(
      'Experiment "night" was measured with the target 0.02; this run has 0.01.',
    );
  });

  test('is continued with another number of runs, and each start records its own', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    const more = { ...settings, profile: { ...settings.profile, runs: 5 } };
    expect(() => checkExperiment(more, testbed)).not.toThrow();
    const { directory } = await openExperiment(more, environment);
    expect(readJournal(directory).records).toMatchObject([{ runs: 1 }, { runs: 5 }]);
  });

  const series = {
    type: 'series' as const,
    cell: 'l1-baseline',
    run: 1,
    unit: 'operations/s',
    better: 'higher' as const,
    sizes: { iterations: 1 },
    on: 'client' as const,
    argv: ['x'],
  };

  test.each(['memtier_benchmark', undefined])(
    'is not continued if memcached was loaded by %s',
    async (loader) => {
      const settings = settingsOf();
      const journal = await openExperiment(settings, environment);
      journal.append({ ...series, benchmark: 'memcached', loader });
      expect(() => checkExperiment(settings, testbed)).toThrow(
        `Experiment "night" was measured with memcached loaded by ${loader ?? 'no loader named'}; this run has memaslap. Their numbers are not comparable: select another EXPERIMENT.`,
      );
    },
  );

  test('is continued if every benchmark has the same loader as before, or is a custom one', async () => {
    const settings = settingsOf();
    const journal = await openExperiment(settings, environment);
    journal.append({ ...series, benchmark: 'memcached', loader: 'memaslap' });
    journal.append({ ...series, benchmark: 'apache' });
    journal.append({ ...series, benchmark: 'own', loader: 'something' });
    expect(() => checkExperiment(settings, testbed)).not.toThrow();
  });

  test('is not continued on another testbed', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    expect(() => checkExperiment(settings, { ...testbed, accelerator: 'kvm' })).toThrow(
      /with the testbed .*"tcg".*; this run has .*"kvm"/,
    );
  });

  test.each([
    [
      'another kernel',
      { versions: { kernel: '6.12.1' } },
      'with kernel 6.1.192-nestbench; this run has 6.12.1',
    ],
    [
      'another host',
      { host: { ...environment.host, cpus: 64 } },
      'the host 2 CPUs, AMD EPYC 7B13; this run has 64 CPUs, AMD EPYC 7B13',
    ],
  ])('is not continued on %s', async (_what, change, words) => {
    const settings = settingsOf();
    const { directory } = await openExperiment(settings, environment);
    const before = readJournal(directory).records;
    await expect(openExperiment(settings, { ...environment, ...change })).rejects.toThrow(words);
    expect(readJournal(directory).records).toEqual(before);
  });

  test('is not continued with another toolchain, and all differences are named', async () => {
    const settings = settingsOf();
    const made = {
      toolchain: 'trixie 0123456789abcdef',
      'kernel source': 'linux-source-6.12 6.12.57-1',
      'kernel compiler': 'gcc-14 14.2.0-19',
      'kernel build': '0000000000000001',
      sysbench: '1.0',
    };
    await openExperiment(settings, { ...environment, versions: made });
    const newer = { 'kernel source': 'linux-source-6.12 6.12.58-1', 'kernel build': '0000000000000002' };
    await expect(
      openExperiment(settings, { ...environment, versions: { ...made, ...newer } }),
    ).rejects.toThrow(
      'Experiment "night" was measured with kernel source linux-source-6.12 6.12.57-1, kernel build 0000000000000001; this run has kernel source linux-source-6.12 6.12.58-1, kernel build 0000000000000002. Their numbers',
    );
    await expect(
      openExperiment(settings, { ...environment, versions: { ...made, sysbench: '1.1' } }),
    ).rejects.toThrow('was measured with sysbench 1.0; this run has 1.1.');
    const build = { ...made, 'kernel build': '0000000000000002' };
    await expect(openExperiment(settings, { ...environment, versions: build })).rejects.toThrow(
      'was measured with kernel build 0000000000000001; this run has 0000000000000002.',
    );
  });

  test('with a journal older than toolchains is continued by what that has', async () => {
    const settings = settingsOf();
    const versions = { ...environment.versions };
    await openExperiment(settings, { ...environment, versions });
    const more = { ...versions, toolchain: 'trixie 0123456789abcdef', 'kernel build': '0000000000000001' };
    await expect(openExperiment(settings, { ...environment, versions: more })).resolves.toBeDefined();
  });

  test('is continued by a start that boots nothing, which has no versions of machines', async () => {
    const settings = settingsOf();
    await openExperiment(settings, environment);
    await openExperiment(settings, { ...environment, versions: {} });
    const { directory } = await openExperiment(settings, environment);
    expect(readJournal(directory).records).toHaveLength(3);
  });

  test('has nothing to compare with if its journal has no experiment yet', () => {
    const settings = settingsOf();
    const directory = path.join(settings.resultsDirectory, settings.experiment);
    expect(() => checkExperiment(settings, testbed)).not.toThrow();
    mkdirSync(directory, { recursive: true });
    new Journal(directory).append({ type: 'skip', cell: 'l1-dvh', benchmark: 'mysql', reason: 'x' });
    expect(() => checkExperiment(settings, testbed)).not.toThrow();
  });
});

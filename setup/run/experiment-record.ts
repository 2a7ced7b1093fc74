/** An experiment's place in the results: its directory, its first record, and the `latest` link. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import type { Profile } from '../../fixtures/profiles.ts';
import { STOCK, STOCK_VARIANT, type Variant } from '../../fixtures/variant.ts';
import type { ExperimentRecord, JournalRecord } from '../../fixtures/records.ts';
import { InputError } from '../lib/errors.ts';
import { hostMachine } from '../machine/host.ts';
import type { Completed } from '../machine/machine.ts';
import { Journal } from '../journal/journal.ts';
import { pointLatestTo } from '../journal/latest.ts';
import { readJournalIfAny } from '../journal/journal-reader.ts';
import type { Settings } from './settings.ts';

export type Environment = Pick<ExperimentRecord, 'testbed' | 'host' | 'versions' | 'phases' | 'request'>;

/** Rejects an existing experiment unless the new numbers are comparable with its own. */
export function checkContinues(
  name: string,
  records: readonly JournalRecord[],
  asked: {
    profile: Profile;
    variant: Variant;
    testbed: ExperimentRecord['testbed'];
    /** The load generator of each benchmark, by name, for those that have several. */
    loaders: ReadonlyMap<string, string>;
  },
): void {
  const before = records.find((record) => record.type === 'experiment');
  if (before === undefined) return;
  if (before.profile !== asked.profile.name) {
    throw differs(name, 'the profile', before.profile, asked.profile.name);
  }
  const [wasVariant, isVariant] = [before.variant ?? STOCK_VARIANT, asked.variant].map(changesOf);
  if (!isDeepStrictEqual(wasVariant, isVariant)) {
    throw differs(name, 'the variant', JSON.stringify(wasVariant), JSON.stringify(isVariant));
  }
  const [was, is] = [before.target, asked.profile.target];
  if (was !== is) throw differs(name, 'the target', String(was), String(is));
  if (!isDeepStrictEqual(before.testbed, asked.testbed)) {
    throw differs(name, 'the testbed', JSON.stringify(before.testbed), JSON.stringify(asked.testbed));
  }
  for (const record of records) {
    if (record.type !== 'series') continue;
    const { benchmark, loader = 'no loader named' } = record;
    const now = asked.loaders.get(benchmark) ?? loader;
    if (now !== loader) throw differs(name, `${benchmark} loaded by`, loader, now);
  }
}

/** What it changes, and its name: a file of the same name may have changed. */
function changesOf({ name, kernel, qemu, kernelParameters }: Variant): Variant {
  return { name, kernel, qemu, kernelParameters };
}

/**
 * @param what differs, if `was` and `is` do not name it.
 */
function differs(name: string, what: string, was: string, is: string): InputError {
  return new InputError(
    'NESTBENCH_EXPERIMENT_DIFFERS',
    `Experiment "${name}" was measured with ${what === '' ? was : `${what} ${was}`}; this run has ${is}. Their numbers are not comparable: select another EXPERIMENT.`,
  );
}

/** Versions that may change in between: nestbench's own, and that of Node. */
const HARNESS_VERSION = /^(nestbench|node)$/;

/** The same check after the build: what boots must be the same as for the existing numbers. */
export function checkSameMachines(
  name: string,
  records: readonly JournalRecord[],
  now: Pick<Environment, 'host' | 'versions'>,
): void {
  for (const record of records) {
    if (record.type !== 'experiment') continue;
    const { versions, host } = record;
    const differing = Object.entries(versions).flatMap(([key, was]) => {
      const is = now.versions[key];
      // A start that booted nothing has none.
      return !HARNESS_VERSION.test(key) && is !== undefined && was !== is ? [{ key, was, is }] : [];
    });
    const [first, ...others] = differing;
    if (first !== undefined) {
      const isOne = others.length === 0;
      const words = (which: 'was' | 'is'): string =>
        isOne ? first[which] : differing.map((each) => `${each.key} ${each[which]}`).join(', ');
      throw differs(name, isOne ? first.key : '', words('was'), words('is'));
    }
    const [was, is] = [host, now.host].map(({ cpuModel, cpus }) => `${cpus} CPUs, ${cpuModel}`);
    if (was !== is) throw differs(name, 'the host', `${was}`, `${is}`);
  }
}

const LOADERS: ReadonlyMap<string, string> = new Map(
  BENCHMARKS.flatMap(({ name, loader }) => (loader === undefined ? [] : [[name, loader]])),
);

/** A testbed's setting that names another load generator of a benchmark than the usual one. */
export function loaderSetting(benchmark: string): string {
  return `loader of ${benchmark}`;
}

function loadersOf({ settings }: ExperimentRecord['testbed']): ReadonlyMap<string, string> {
  return new Map(
    [...LOADERS].map(([name, usual]) => [name, settings[loaderSetting(name)] ?? usual] as const),
  );
}

/** Rejects incompatible numbers before anything is built. */
export function checkExperiment(
  settings: Settings,
  testbed: ExperimentRecord['testbed'],
  records: readonly JournalRecord[] = readJournalIfAny(directoryOf(settings)).records,
): void {
  const { experiment, profile, variant } = settings;
  checkContinues(experiment, records, { profile, variant, testbed, loaders: loadersOf(testbed) });
}

function directoryOf({ resultsDirectory, folder }: Settings): string {
  return path.join(resultsDirectory, folder);
}

/**
 * Opens the journal, writes the experiment's record and points `latest` to it.
 * @throws {InputError} NESTBENCH_EXPERIMENT_DIFFERS if it was measured on other machines, or otherwise.
 */
export async function openExperiment(
  settings: Settings,
  environment: Environment,
  ofCheckout: ReturnType<typeof checkout> = checkout(),
): Promise<Journal> {
  const { experiment, folder, profile, variant, resultsDirectory } = settings;
  const directory = directoryOf(settings);
  const { records } = readJournalIfAny(directory);
  // Again, now that the testbed is this run's: another run may have begun the same experiment in the meantime.
  checkExperiment(settings, environment.testbed, records);
  checkSameMachines(experiment, records, environment);
  const journal = new Journal(directory);
  journal.append({
    type: 'experiment',
    experiment,
    ...environment,
    versions: { nestbench: packageVersion(), node: process.versions.node, ...environment.versions },
    profile: profile.name,
    ...(variant.name === STOCK ? {} : { variant }),
    runs: profile.runs,
    target: profile.target,
    ...(await ofCheckout),
  });
  pointLatestTo(folder, resultsDirectory);
  return journal;
}

export function packageVersion(): string {
  const file = path.join(import.meta.dirname, '../../package.json');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}

const GIT_SECONDS = 20;

function git(...argv: string[]): Promise<Completed> {
  return hostMachine().run(['git', '-C', import.meta.dirname, ...argv], {
    signal: new AbortController().signal,
    deadlineSeconds: GIT_SECONDS,
  });
}

/** nestbench's own commit, if it runs from a checkout. */
export async function checkout(): Promise<{ commit: string | null; modified: boolean }> {
  const head = await git('rev-parse', 'HEAD');
  if (head.exitCode !== 0) return { commit: null, modified: false };
  const status = await git('status', '--porcelain', '--untracked-files=no');
  return { commit: head.stdout.trim(), modified: status.stdout.trim() !== '' };
}

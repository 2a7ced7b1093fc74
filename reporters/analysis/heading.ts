/** The heading of every table: which experiment it was, where it ran, how much was run, and by which nestbench. */
import { isProfileName, PROFILES } from '../../fixtures/profiles.ts';
import { type ExperimentRecord, SIDE_BY_SIDE } from '../../fixtures/records.ts';
import { STORAGE_WORDS } from '../../fixtures/storage.ts';
import { describeDirectHardware } from './direct-hardware.ts';
import { describeContention } from './fairness.ts';
import { formatPercent } from '../model/numbers.ts';
import type { Results } from '../model/experiment-results.ts';
import { describeStates } from './stack-states.ts';
import { count } from '../../setup/lib/count.ts';

/** The heading's lines, each with its word. If starts differ, a word has several lines. */
export function heading(results: Results): (readonly [word: string, line: string])[] {
  const lines = (word: string, of: (start: ExperimentRecord) => string) =>
    [...new Set(results.starts.map(of))].filter((line) => line !== '').map((line) => [word, line] as const);
  const stacks = describeStates(results);
  const contention = describeContention(results);
  const directHardware = describeDirectHardware(results);
  return [
    ['experiment', results.experiment ?? 'unknown: the journal has no record of its start'],
    ...lines('testbed', describeTestbed),
    ...lines('host', host),
    ...lines('side by side', describeSideBySide),
    ...lines('variant', describeVariant),
    ...(directHardware === '' ? [] : [['direct hardware', directHardware] as const]),
    ...(stacks === '' ? [] : [['stacks', stacks] as const]),
    ...(contention === '' ? [] : [['contention', contention] as const]),
    ...lines('profile', describeProfile),
    ...whatWasRun(results).map((line) => ['', line] as const),
    ...lines('commit', describeCommit),
    ...results.remarks.map((line) => ['journal', line] as const),
  ];
}

/** The kind of machine that the numbers come from, and so what they are good for. */
export function describeTestbed({
  testbed: { kind, accelerator },
}: {
  testbed: Pick<ExperimentRecord['testbed'], 'kind' | 'accelerator'>;
}): string {
  if (kind === 'physical') return 'physical machines';
  if (accelerator === 'tcg') {
    return 'emulated server (QEMU TCG): shows how levels compare, not how fast hardware is';
  }
  if (accelerator === 'kvm') {
    return 'virtual server (QEMU KVM): for the hardware, every level is one deeper than its name';
  }
  return 'emulated server, its accelerator unknown';
}

function host(start: ExperimentRecord): string {
  return `${describeHost(start)}, Linux ${start.host.kernel}`;
}

/** The machine without its software. */
export function describeHost({ host: { cpuModel, cpus, memoryBytes } }: ExperimentRecord): string {
  return `${cpuModel}, ${count(cpus, 'CPU')}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Empty for one at a time. */
export function describeSideBySide({ testbed: { settings } }: ExperimentRecord): string {
  const many = settings[SIDE_BY_SIDE];
  return many === undefined ? '' : `${many} cells side by side`;
}

/** Empty for stock. */
export function describeVariant({ variant: its }: ExperimentRecord): string {
  if (its === undefined) return '';
  const { name, description } = its;
  return description === undefined ? name : `${name}: ${description}`;
}

export function describeProfile({ profile: name, runs, target }: ExperimentRecord): string {
  const description = isProfileName(name) ? ` (${PROFILES[name].description})` : '';
  const until = target === undefined ? '' : `, each until ± ${formatPercent(target)}`;
  return `${name}, ${count(runs, 'run')}${until}${description}`;
}

/** Benchmarks with the same sizes share a line. One that was run with several sizes has several lines. */
function whatWasRun({ benchmarks, starts }: Results): string[] {
  // With a target, the sizes have the maximum number of iterations.
  const bound = starts.some(({ target }) => target !== undefined) ? 'at most ' : '';
  const lines = benchmarks.flatMap(({ name, loader, storage, sizes }) =>
    sizes.map((each) => ({
      name,
      sizes: [
        describe(each, bound),
        ...(loader === null ? [] : [`loaded by ${loader}`]),
        ...(storage === null ? [] : [STORAGE_WORDS[storage]]),
      ].join(', '),
    })),
  );
  return [...Map.groupBy(lines, ({ sizes }) => sizes)].map(
    ([sizes, its]) => `${its.map(({ name }) => name).join(', ')}: ${sizes}`,
  );
}

/** `3 iterations, seconds 2, connections per thread 8`. */
function describe({ iterations, ...sizes }: Readonly<Record<string, number>>, bound: string): string {
  return [
    ...(iterations === undefined ? [] : [bound + count(iterations, 'iteration')]),
    ...Object.entries(sizes).map(([size, value]) => `${inWords(size)} ${value}`),
  ].join(', ');
}

function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function describeCommit({ commit: hash, modified, versions }: ExperimentRecord): string {
  const nestbench =
    hash === null ? `none (nestbench ${versions['nestbench'] ?? 'of unknown version'})` : hash.slice(0, 12);
  return modified ? `${nestbench}, with uncommitted changes` : nestbench;
}

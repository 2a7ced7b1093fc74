/** What stands above every table: which experiment it was, on what, how much was run, and by which nestbench. */
import { isProfileName, PROFILES } from '../../fixtures/profiles.ts';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { describeContention } from './fairness.ts';
import { formatPercent } from '../model/numbers.ts';
import type { Results } from '../model/experiment-results.ts';
import { describeStates } from './stack-states.ts';
import { count } from '../model/text.ts';

/** The heading's lines, each under its word. A word whose line differs between starts has one line for each. */
export function heading(results: Results): (readonly [word: string, line: string])[] {
  const lines = (word: string, of: (start: ExperimentRecord) => string) =>
    [...new Set(results.starts.map(of))].filter((line) => line !== '').map((line) => [word, line] as const);
  const stacks = describeStates(results);
  const contention = describeContention(results);
  return [
    ['experiment', results.experiment ?? 'unknown: the journal holds no record of its start'],
    ...lines('testbed', describeTestbed),
    ...lines('host', host),
    ...lines('variant', describeVariant),
    ...(stacks === '' ? [] : [['stacks', stacks] as const]),
    ...(contention === '' ? [] : [['contention', contention] as const]),
    ...lines('profile', describeProfile),
    ...whatWasRun(results).map((line) => ['', line] as const),
    ...lines('commit', describeCommit),
    ...results.remarks.map((line) => ['journal', line] as const),
  ];
}

/** What kind of machine the numbers come from, and so what they are good for. */
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
    return 'virtual server (QEMU KVM): the hardware sees every level one deeper than it is called';
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

/** Nothing where it was stock. */
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

/** Benchmarks that share their sizes share a line. One that was run with several sizes has several. */
function whatWasRun({ benchmarks, starts }: Results): string[] {
  // Where a target ends a run, the sizes have the most iterations that it takes.
  const bound = starts.some(({ target }) => target !== undefined) ? 'at most ' : '';
  const lines = benchmarks.flatMap(({ name, loader, sizes }) =>
    sizes.map((each) => ({
      name,
      sizes: describe(each, bound) + (loader === null ? '' : `, loaded by ${loader}`),
    })),
  );
  return [...Map.groupBy(lines, ({ sizes }) => sizes)].map(
    ([sizes, its]) => `${its.map(({ name }) => name).join(', ')}: ${sizes}`,
  );
}

/** `3 iterations, groups 2, loops 100, quiet seconds 1`. */
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
  return modified ? `${nestbench}, with changes that are not committed` : nestbench;
}

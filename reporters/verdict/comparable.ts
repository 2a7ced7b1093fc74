/** What forbids a comparison: numbers of another testbed, profile, loader, storage or size answer another question. */
import type { ExperimentRecord } from '../../fixtures/records.ts';
import type { BenchmarkRow } from '../model/benchmark-row.ts';
import type { Results } from '../model/experiment-results.ts';
import type { Side } from './comparison.ts';
import { firstSentence } from './comparison-notes.ts';
import { valuesOf } from './differences.ts';

/** A sentence with both values for each obstacle; empty if the two can be compared. */
export function forbidding(base: Results, head: Results): string[] {
  const unknown = [
    ...(base.starts.length === 0 ? ['The base'] : []),
    ...(head.starts.length === 0 ? ['The head'] : []),
  ].map((side) => `${side}'s journal has no record of its start, so it is unknown what it was measured on.`);
  if (unknown.length > 0) return unknown;
  const failed = [...allFailed('base', base), ...allFailed('head', head)];
  if (failed.length > 0) return failed;
  const both = shared(base, head);
  if (both.length === 0) {
    return ['No benchmark was measured on both sides in the same cell, so there is nothing to compare.'];
  }
  return [...differingStarts(base, head), ...both.flatMap(([one, other]) => differingBenchmarks(one, other))];
}

/** A sentence for a side on which everything failed, with the failures. */
function allFailed(side: Side, { cells }: Results): string[] {
  const outcomes = cells.flatMap(({ name, outcomes: its }) =>
    [...its].map(([benchmark, outcome]) => ({ where: `${name} ${benchmark}`, outcome })),
  );
  if (outcomes.some(({ outcome }) => outcome.state === 'measured')) return [];
  const reasons = new Map<string, string[]>();
  for (const { where, outcome } of outcomes) {
    if (outcome.state !== 'failed') continue;
    const reason = firstSentence(outcome.reason);
    reasons.set(reason, [...(reasons.get(reason) ?? []), where]);
  }
  if (reasons.size === 0) return [];
  const each = [...reasons].map(([reason, its]) => `${its.join(', ')}: ${reason}`);
  return [`Everything failed in the ${side}. ${each.join(' ')}`];
}

function differingStarts(base: Results, head: Results): string[] {
  const settings = new Set(
    [...base.starts, ...head.starts].flatMap(({ testbed }) => Object.keys(testbed.settings)),
  );
  const compared: [what: string, of: (start: ExperimentRecord) => string][] = [
    ['testbed', ({ testbed }) => testbed.kind],
    ['accelerator', ({ testbed }) => testbed.accelerator],
    ...[...settings].map((name): [string, (start: ExperimentRecord) => string] => [
      `testbed's ${name}`,
      ({ testbed }) => testbed.settings[name] ?? 'not set',
    ]),
    ['profile', ({ profile }) => profile],
  ];
  return compared.flatMap(([what, of]) =>
    differing(`The ${what}`, valuesOf(base.starts, of), valuesOf(head.starts, of)),
  );
}

function differingBenchmarks(base: BenchmarkRow, head: BenchmarkRow): string[] {
  const compared: [what: string, of: (row: BenchmarkRow) => string][] = [
    ['unit', ({ unit, better }) => `${unit} (${better} is better)`],
    ['loader', ({ loader }) => loader ?? 'no loader named'],
    ['storage', ({ storage }) => storage ?? 'none'],
    ['sizes', ({ sizes }) => sizes.map(inWords).toSorted().join(' and ') || 'unknown'],
  ];
  return compared.flatMap(([what, of]) => differing(`${base.name}'s ${what}`, of(base), of(head)));
}

function differing(what: string, base: string, head: string): string[] {
  return base === head ? [] : [`${what}: ${base} in the base, ${head} in the head.`];
}

function inWords(sizes: Readonly<Record<string, number>>): string {
  return Object.entries(sizes)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** The benchmarks that both sides measured in at least one cell, as each side has them. */
function shared(base: Results, head: Results): (readonly [BenchmarkRow, BenchmarkRow])[] {
  return base.benchmarks.flatMap((one) => {
    const other = head.benchmarks.find(({ name }) => name === one.name);
    const inHead = new Set(cellsWith(head, one.name));
    return other && cellsWith(base, one.name).some((cell) => inHead.has(cell)) ? [[one, other] as const] : [];
  });
}

function cellsWith({ cells }: Results, benchmark: string): string[] {
  return cells
    .filter(({ outcomes }) => outcomes.get(benchmark)?.state === 'measured')
    .map(({ name }) => name);
}

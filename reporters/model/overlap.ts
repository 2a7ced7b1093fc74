/**
 * Samples that ran at the same time on the same CPUs of one host, so that each measured the other too. nestbench takes one
 * after another, or each on CPUs of its own; overlaps come from runs that did not know of each other.
 */
import { key } from './journal-index.ts';
import type { JournalItem, MeasuredSeries } from './measured-series.ts';
import { sum } from './sum.ts';
import { count } from '../../setup/lib/count.ts';

/** How many samples overlap another, by cell and benchmark (journal-index.ts). */
export type Overlaps = ReadonlyMap<string, number>;

/** A record has its start rounded down to a millisecond. */
const TOLERANCE_MS = 1;

interface Span {
  readonly series: MeasuredSeries;
  /** The host's CPUs that its stack had for itself; undefined if it was alone on all of them. */
  readonly cpus: ReadonlySet<number> | undefined;
  readonly start: number;
  readonly end: number;
}

interface Recorded {
  readonly records: readonly JournalItem[];
}

const found = new WeakMap<Recorded['records'], Overlaps>();

export function overlapsOf({ records }: Recorded): Overlaps {
  const overlaps = found.get(records) ?? findOverlaps(records);
  found.set(records, overlaps);
  return overlaps;
}

/** How many samples of a benchmark in a cell overlap others. */
export function overlapping(results: Recorded, cell: string, benchmark: string): number {
  return overlapsOf(results).get(key(cell, benchmark)) ?? 0;
}

/** A sentence about all of them; none without overlaps. */
export function overlapRemarks(results: Recorded): string[] {
  const overlaps = [...overlapsOf(results)];
  if (overlaps.length === 0) return [];
  const places = overlaps.map(([at, samples]) => `${at.replace('\n', ' ')} (${samples})`).join(', ');
  const all = sum(overlaps.map(([, samples]) => samples));
  return [
    `${count(all, 'sample')} ran at the same time as another sample on the same host, so each measured the other too: ${places}. Measure them again.`,
  ];
}

function findOverlaps(records: Recorded['records']): Overlaps {
  const overlaps = new Map<string, number>();
  const cpus = new Map(
    records.flatMap((record) =>
      record.type === 'boot' && record.hostCpus !== undefined
        ? [[record.id, new Set(record.hostCpus)] as const]
        : [],
    ),
  );
  for (const ofHost of byHost(records)) {
    // nestbench writes them in order, so this is nearly always true.
    if (isInOrder(ofHost)) continue;
    const spans = ofHost
      .flatMap((series) => spansOf(series, series.boot === undefined ? undefined : cpus.get(series.boot)))
      .toSorted((one, other) => one.start - other.start);
    // A journal in which all samples start at the same moment is synthetic, and has no real times.
    if (spans[0]?.start === spans.at(-1)?.start) continue;
    for (const { series } of overlappingSpans(spans)) {
      const at = key(series.cell, series.benchmark);
      overlaps.set(at, (overlaps.get(at) ?? 0) + 1);
    }
  }
  return overlaps;
}

/** The samples of each host. A start without a host counts as a host of its own. */
function byHost(records: Recorded['records']): Iterable<MeasuredSeries[]> {
  const hosts = new Map<string, MeasuredSeries[]>();
  let host = '';
  for (const [index, record] of records.entries()) {
    if (record.type === 'experiment') host = record.host.bootId ?? String(index);
    if (record.type !== 'samples') continue;
    const its = hosts.get(host) ?? [];
    its.push(record);
    hosts.set(host, its);
  }
  return hosts.values();
}

/** Whether each sample begins after its predecessor in the journal ended. */
function isInOrder(series: readonly MeasuredSeries[]): boolean {
  let end = Number.NEGATIVE_INFINITY;
  return series.every(({ columns: { startedAt, seconds } }) =>
    startedAt.every((start, at) => {
      const isNext = start >= end - TOLERANCE_MS;
      end = start + (seconds[at] ?? 0) * 1000;
      return isNext;
    }),
  );
}

/**
 * Given spans in the order of their starts, returns those that begin on the same CPUs before another has ended, and that
 * other.
 */
function overlappingSpans(spans: readonly Span[]): Set<Span> {
  const both = new Set<Span>();
  let running: Span[] = [];
  for (const span of spans) {
    running = running.filter(({ end }) => span.start < end - TOLERANCE_MS);
    for (const other of running) {
      if (shareCpus(span, other)) both.add(other).add(span);
    }
    running.push(span);
  }
  return both;
}

function shareCpus({ cpus: one }: Span, { cpus: other }: Span): boolean {
  return one === undefined || other === undefined || !one.isDisjointFrom(other);
}

function spansOf(series: MeasuredSeries, cpus: Span['cpus']): Span[] {
  const { startedAt, seconds } = series.columns;
  return Array.from(startedAt, (start, at) => ({
    series,
    cpus,
    start,
    end: start + (seconds[at] ?? 0) * 1000,
  }));
}

/**
 * Finds duplicates in a journal, as when results are copied together. A sample is identified by its cell, benchmark,
 * run and iteration: of two with the same identity the first in the journal counts. Of two series of one run, the first
 * one with samples counts, and those that continue it. Other records are duplicates if they have the same text and
 * numbers.
 */
import type { JournalRecord } from '../../fixtures/records.ts';

/** The series that a run's records belong to. */
interface Series {
  /** The records of its parts, as text, with the time of each; empty if samples came before them. */
  readonly parts: Map<string, string>;
  hasSamples: boolean;
  /** Whether the records being read belong to another series of the same run. */
  isOther: boolean;
}

export class Distinct {
  /** All records except samples, as text. */
  readonly #seen = new Set<string>();
  /** What each sample measured, and when, by its identity. */
  readonly #samples = new Map<string, string>();
  readonly #series = new Map<string, Series>();

  /** Why the record, the next one of the journal, does not count; undefined if it does. */
  whyNot(record: JournalRecord): string | undefined {
    const run = runOf(record);
    const series = run === undefined ? undefined : this.#seriesOf(run);
    if (record.type === 'sample') {
      const name = `${run}\n${record.iteration}`;
      const facts = `${record.started} ${record.value}`;
      const before = this.#samples.get(name);
      if (before !== undefined) return before === facts ? REPEATED : OTHER_SAMPLE;
      if (series?.isOther === true) return OTHER_SERIES;
      this.#samples.set(name, facts);
      if (series !== undefined) series.hasSamples = true;
      return undefined;
    }
    const text = JSON.stringify(record);
    const isRepeated = this.#seen.has(text);
    this.#seen.add(text);
    if (record.type === 'series' && series !== undefined) {
      const { parts, hasSamples } = series;
      const isContinued = [...parts.values()].some((at) => at === record.continues);
      if (!isContinued && !hasSamples) parts.clear();
      if (isContinued || parts.size === 0) parts.set(text, record.at);
      series.isOther = !parts.has(text);
    }
    if (isRepeated) return REPEATED;
    return series?.isOther === true ? OTHER_SERIES : undefined;
  }

  #seriesOf(run: string): Series {
    const series = this.#series.get(run) ?? { parts: new Map(), hasSamples: false, isOther: false };
    this.#series.set(run, series);
    return series;
  }
}

const REPEATED = 'it repeats an earlier record';
const OTHER_SAMPLE = 'an earlier line has another sample of the same cell, benchmark, run and iteration';
const OTHER_SERIES = 'an earlier line has another series of the same cell, benchmark and run';

/** Identifies the run of a record by cell, benchmark and number; no name contains a newline. */
function runOf(record: JournalRecord): string | undefined {
  if (!('benchmark' in record) || !('run' in record)) return undefined;
  return `${record.cell}\n${record.benchmark}\n${record.run}`;
}

/**
 * Checks of a record beyond its schema. Anybody can write a journal, and its names become folders and files, its text
 * is printed, and its numbers are added up and squared.
 */
import { plainLine, plainText } from '../../fixtures/plain-text.ts';
import type { JournalRecord } from '../../fixtures/records.ts';

/** A folder next to the files of a report, whose names have a dot, and to their folder `exchange`. */
const CELL = /^(?!exchange$)\w[\w-]{0,99}$/;
/** The first part of a file's name. */
const BENCHMARK = /^\w[\w.-]{0,99}$/;

/** Whether a benchmark's samples can be kept under this name. */
export function isBenchmarkName(name: string): boolean {
  return BENCHMARK.test(name);
}

/** Far beyond any measurement, and such that squares of sums and of ratios are still numbers. */
const NUMBERS = { min: 1e-30, max: 1e30 };

/** Texts that may have several lines. */
const TEXTS: ReadonlySet<string> = new Set(['message', 'reason', 'tail', 'why', 'argv', 'description']);

/** Why the record can't be used; undefined if it can. */
export function recordFault(record: JournalRecord): string | undefined {
  if ('cell' in record && !CELL.test(record.cell)) return fault('cell', record.cell, 'name a folder');
  if ('benchmark' in record && record.benchmark !== null && !BENCHMARK.test(record.benchmark))
    return fault('benchmark', record.benchmark, 'name a file');
  const where = unusableNumber(record);
  return where === undefined
    ? undefined
    : `${where}: a measured number must be 0, or from ${NUMBERS.min} to ${NUMBERS.max}`;
}

/** The record in the line `text`, without control characters. */
export function plainRecord(record: JournalRecord, text: string): JournalRecord {
  // In JSON they are escaped or literal. Most lines have neither, and each copy costs time.
  if (!text.includes('\\') && plainLine(text) === text) return record;
  // It keeps the shape of its argument.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return cleaned(record, plainLine) as JournalRecord;
}

function fault(what: string, name: string, use: string): string {
  const shown = name.length > 40 ? `${name.slice(0, 40)}...` : name;
  return `${what}: "${plainLine(shown)}" can't ${use}`;
}

/** The path of the first unusable number in `value`; empty if it is `value` itself. */
function unusableNumber(value: unknown): string | undefined {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    return size === 0 || (size >= NUMBERS.min && size <= NUMBERS.max) ? undefined : '';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const key of Object.keys(value)) {
    const where = unusableNumber(Reflect.get(value, key));
    if (where !== undefined) return where === '' ? key : `${key}.${where}`;
  }
  return undefined;
}

function cleaned(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((its) => cleaned(its, clean));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, its]) => [
      plainLine(key),
      cleaned(its, TEXTS.has(key) ? plainText : plainLine),
    ]),
  );
}

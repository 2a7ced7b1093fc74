/**
 * Reads a journal, line by line, so that one of a million samples does not have to be in memory at once. A line that is
 * no record is told, never guessed at.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { plainLine } from '../fixtures/plain-text.ts';
import { type JournalRecord, journalRecord } from '../fixtures/records.ts';
import { InputError } from './errors.ts';
import { JOURNAL_FILE } from './journal.ts';
import { Distinct } from './journal-distinct.ts';
import { checkRecord } from './journal-check.ts';
import { reasonOf } from './machine/failures.ts';

export interface DamagedLine {
  /** Numbered from 1. */
  readonly line: number;
  readonly reason: string;
}

export interface JournalContents {
  readonly records: readonly JournalRecord[];
  /** Lines that are left out: the torn last line of a killed run, damage, or what is there twice. */
  readonly damaged: readonly DamagedLine[];
}

/** What is done with each line; numbers count from 1 at the start of what is read. */
export interface JournalVisitor {
  /**
   * Is shown each whole line, and says where its newline is if nothing else is to be done with it; else -1. There is a
   * newline behind `start`.
   */
  readonly line?: (bytes: Buffer<ArrayBuffer>, start: number) => number;
  readonly record: (record: JournalRecord, line: number) => void;
  readonly damaged: (line: DamagedLine) => void;
}

/** A part of a file in bytes, from the start of a line to the end of one; `end` is the first byte after it. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * The journal's file in `directory`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where there is none, NESTBENCH_JOURNAL_DAMAGED where it can't be read.
 */
export function journalFile(directory: string): string {
  const file = path.join(directory, JOURNAL_FILE);
  if (!existsSync(file)) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `There is no journal in ${directory}. Name an experiment under results/, or "latest".`,
    );
  }
  const why = whyUnreadable(file);
  if (why === undefined) return file;
  throw new InputError('NESTBENCH_JOURNAL_DAMAGED', `The journal ${file} can't be read: ${why}.`);
}

function whyUnreadable(file: string): string | undefined {
  // A pipe or a device would be waited for.
  if (!statSync(file).isFile()) return 'it is not a file';
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** As {@link readJournal}, and empty where there is none. */
export function readJournalIfAny(directory: string): JournalContents {
  return existsSync(path.join(directory, JOURNAL_FILE))
    ? readJournal(directory)
    : { records: [], damaged: [] };
}

/**
 * All of a journal.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where there is no journal.
 */
export function readJournal(directory: string): JournalContents {
  const records: JournalRecord[] = [];
  const damaged = visitDistinct(journalFile(directory), (record) => void records.push(record));
  return { records, damaged };
}

/**
 * Shows `visit` the records of `file` that count (setup/journal-distinct.ts).
 * @returns the lines that are left out.
 */
export function visitDistinct(file: string, visit: (record: JournalRecord) => void): DamagedLine[] {
  const distinct = new Distinct();
  const damaged: DamagedLine[] = [];
  visitJournal(file, {
    record: (record, line) => {
      const reason = distinct.whyNot(record);
      if (reason === undefined) visit(record);
      else damaged.push({ line, reason });
    },
    damaged: (line) => void damaged.push(line),
  });
  return damaged;
}

/** What was left out, in sentences: one for each reason, which thousands of lines may share. */
export function describeDamaged(damaged: readonly DamagedLine[], name = ''): string[] {
  const journal = name === '' ? 'the journal' : `the journal of ${name}`;
  return [...Map.groupBy(damaged, ({ reason }) => reason)].map(([reason, [first, ...others]]) => {
    const last = others.at(-1)?.line;
    const more = last === undefined ? '' : ` (and ${others.length} more, up to line ${last})`;
    return `line ${first?.line} of ${journal} is left out: ${reason}${more}`;
  });
}

/**
 * Goes through `file`, or a part of it, from its start to its end.
 * @returns how many lines that were.
 */
export function visitJournal(file: string, visitor: JournalVisitor, part?: Part): number {
  let line = 1;
  const visit = (text: string): void => {
    if (text === '') return;
    const parsed = parseLine(text);
    if (typeof parsed === 'string') visitor.damaged({ line, reason: parsed });
    else visitor.record(parsed, line);
  };
  const rest = visitBlocks(file, part, (bytes) => {
    for (let start = 0; start < bytes.length; line += 1) {
      let end = visitor.line?.(bytes, start) ?? -1;
      if (end === -1) {
        end = bytes.indexOf(NEWLINE, start);
        visit(bytes.toString('utf8', start, end));
      }
      start = end + 1;
    }
  });
  if (rest === '') return line - 1;
  visit(rest);
  return line;
}

/** `file` in `count` parts of about the same length, in order; fewer where it has not that many lines. */
export function partsOf(file: string, count: number): Part[] {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const starts = Array.from({ length: count }, (_, index) =>
      lineStart(descriptor, Math.floor((size * index) / count)),
    );
    return [...starts, size]
      .slice(1)
      .map((end, index) => ({ start: starts[index] ?? 0, end }))
      .filter(({ start, end }) => start < end);
  } finally {
    closeSync(descriptor);
  }
}

const NEWLINE = 0x0a;

/** The first byte of the first line that begins at `from` or behind it; the file's end where none does. */
function lineStart(descriptor: number, from: number): number {
  if (from === 0) return 0;
  const buffer = Buffer.alloc(64 * 1024);
  let position = from - 1;
  for (;;) {
    const read = readSync(descriptor, buffer, 0, buffer.length, position);
    if (read === 0) return position;
    const newline = buffer.subarray(0, read).indexOf(NEWLINE);
    if (newline !== -1) return position + newline + 1;
    position += read;
  }
}

/** Read at once: some thousand lines, as a larger block is no faster (measured: 64 KiB to 16 MiB). */
const BLOCK_BYTES = 2 ** 20;

/**
 * Shows `visit` the whole lines of a file or a part of it, some thousand at once.
 * @returns what is left at the end: a torn last line.
 */
function visitBlocks(
  file: string,
  part: Part | undefined,
  visit: (lines: Buffer<ArrayBuffer>) => void,
): string {
  const descriptor = openSync(file, 'r');
  try {
    const end = part?.end ?? fstatSync(descriptor).size;
    let position = part?.start ?? 0;
    // One for all blocks, as a million lines would fill a gigabyte.
    let buffer = Buffer.allocUnsafe(BLOCK_BYTES);
    let filled = 0;
    while (position < end) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer], 2 * filled);
      const wanted = Math.min(buffer.length - filled, end - position);
      const read = readSync(descriptor, buffer, filled, wanted, position);
      if (read === 0) break;
      position += read;
      filled += read;
      const done = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
      visit(buffer.subarray(0, done));
      buffer.copyWithin(0, done, filled);
      filled -= done;
    }
    return buffer.toString('utf8', 0, filled);
  } finally {
    closeSync(descriptor);
  }
}

/** The record that a line holds, or why it is none. */
function parseLine(text: string): JournalRecord | string {
  let value: unknown;
  try {
    // An editor may have put a byte order mark before the first line.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return 'not JSON: torn by a kill, or damaged';
  }
  const parsed = journalRecord.safeParse(value);
  if (parsed.success) return checkRecord(parsed.data);
  const faults = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'the record'}: ${issue.message}`,
  );
  return plainLine(faults.join('; '));
}

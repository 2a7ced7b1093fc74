/**
 * Reads a journal line by line, without holding its whole text in memory. A line that is not a record is reported and
 * skipped.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { plainLine } from '../../fixtures/plain-text.ts';
import { type JournalRecord, journalRecord } from '../../fixtures/records.ts';
import { InputError } from '../lib/errors.ts';
import { JOURNAL_FILE } from './journal.ts';
import { Distinct } from './journal-distinct.ts';
import { plainRecord, recordFault } from './journal-check.ts';
import { reasonOf } from '../lib/error-text.ts';

export interface DamagedLine {
  /** Numbered from 1. */
  readonly line: number;
  readonly reason: string;
}

export interface JournalContents {
  readonly records: readonly JournalRecord[];
  /** Ignored lines: the incomplete last line of a killed run, damage, or duplicates. */
  readonly damaged: readonly DamagedLine[];
}

/**
 * The journal's file in `directory`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if there is none, NESTBENCH_JOURNAL_DAMAGED if it can't be read.
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
  // Reading a pipe or a device would block.
  if (!statSync(file).isFile()) return 'it is not a file';
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Like {@link readJournal}, but empty if there is none. */
export function readJournalIfAny(directory: string): JournalContents {
  return existsSync(path.join(directory, JOURNAL_FILE))
    ? readJournal(directory)
    : { records: [], damaged: [] };
}

/**
 * Reads a whole journal.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if there is no journal.
 */
export function readJournal(directory: string): JournalContents {
  const damaged: DamagedLine[] = [];
  const records = [...distinctRecords(journalFile(directory), damaged)];
  return { records, damaged };
}

/** The records of `file` that count (setup/journal/journal-distinct.ts). Adds the ignored lines to `damaged`. */
export function* distinctRecords(file: string, damaged: DamagedLine[]): Generator<JournalRecord> {
  const distinct = new Distinct();
  let line = 0;
  for (const text of linesOf(file)) {
    line += 1;
    if (text === '') continue;
    const parsed = parseLine(text);
    const reason = typeof parsed === 'string' ? parsed : distinct.whyNot(parsed);
    if (reason !== undefined) damaged.push({ line, reason });
    else if (typeof parsed !== 'string') yield parsed;
  }
}

/** The ignored lines as sentences: one for each reason, which thousands of lines may share. */
export function describeDamaged(damaged: readonly DamagedLine[], name = ''): string[] {
  const journal = name === '' ? 'the journal' : `the journal of ${name}`;
  return [...Map.groupBy(damaged, ({ reason }) => reason)].map(([reason, [first, ...others]]) => {
    const last = others.at(-1)?.line;
    const more = last === undefined ? '' : ` (and ${others.length} more, up to line ${last})`;
    return `line ${first?.line} of ${journal} is left out: ${reason}${more}`;
  });
}

/** Larger blocks are not faster (measured: 64 KiB to 16 MiB). */
const BLOCK_BYTES = 64 * 1024;

/** Far longer than any record. V8's strings have at most 2^29 characters, and a file may have lost all its newlines. */
const LONGEST_LINE = 2 ** 26;

/**
 * The lines of a file, with one block in memory at a time. Text after the last newline is also a line. A line longer
 * than {@link LONGEST_LINE} is truncated.
 */
function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    // A character may continue in the next block.
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for (;;) {
      const read = readSync(descriptor, block);
      if (read === 0) break;
      const [first = '', ...others] = decoder.write(block.subarray(0, read)).split('\n');
      if (rest.length < LONGEST_LINE) rest += first;
      for (const next of others) {
        yield rest;
        rest = next;
      }
    }
    yield rest + decoder.end();
  } finally {
    closeSync(descriptor);
  }
}

/** The record in a line, or why it is not one. */
function parseLine(text: string): JournalRecord | string {
  let value: unknown;
  try {
    // An editor may have added a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return 'not JSON: incomplete after a kill, or damaged';
  }
  const parsed = journalRecord.safeParse(value);
  if (parsed.success) return recordFault(parsed.data) ?? plainRecord(parsed.data, text);
  const faults = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'the record'}: ${issue.message}`,
  );
  return plainLine(faults.join('; '));
}

/**
 * The journal: `results/EXPERIMENT/journal.ndjson`, the only source of truth. A record is one line, appended with one
 * write and fsynced before `append` returns, so a killed run keeps every sample that it took.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { type JournalRecord, journalRecord } from '../../fixtures/records.ts';
import { DiskFullError, JournalGoneError } from '../lib/errors.ts';
import { namingFile } from '../lib/system-refusal.ts';

export const JOURNAL_FILE = 'journal.ndjson';

/** A record before it gets its timestamp. */
export type Unstamped = JournalRecord extends infer R
  ? R extends JournalRecord
    ? Omit<R, 'at'>
    : never
  : never;

export class Journal {
  /** `results/EXPERIMENT`. */
  readonly directory: string;

  /** The file as this process last saw it; it only grows. */
  #last: Pick<Stats, 'ino' | 'size' | 'birthtimeMs'> | undefined;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.#last = statSync(this.file, { throwIfNoEntry: false });
  }

  get file(): string {
    return path.join(this.directory, JOURNAL_FILE);
  }

  /**
   * Adds a timestamp to the record, checks it, and returns once it is on the disk.
   * @throws NESTBENCH_JOURNAL_GONE if the journal with the earlier records was removed or replaced.
   */
  append(record: Unstamped): void {
    const checked = journalRecord.parse({ ...record, at: stamp() });
    this.assertThere();
    namingFile(this.file, () => this.#write(checked));
  }

  #write(checked: JournalRecord): void {
    const descriptor = openSync(this.file, 'a+');
    try {
      const line = `${tornEnd(descriptor) ? '\n' : ''}${JSON.stringify(checked)}\n`;
      // One write for the whole line: concurrent writers do not mix their lines (O_APPEND, open(2)).
      const written = writeSync(descriptor, line);
      if (written !== Buffer.byteLength(line)) {
        throw new DiskFullError({
          message: `Only ${written} bytes of a record reached ${this.file}: the disk is full. Free some space; the journal's other records are complete.`,
          machine: 'host',
        });
      }
      fsyncSync(descriptor);
      this.#last = fstatSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /**
   * A new file would hold only the rest of the experiment, and look complete.
   * @throws NESTBENCH_JOURNAL_GONE
   */
  assertThere(): void {
    if (this.#last === undefined) return;
    const { ino, size, birthtimeMs } = this.#last;
    const is = statSync(this.file, { throwIfNoEntry: false });
    // A new file may get the inode of the removed one. Other workers append to the same, which changes its mtime before
    // its size.
    const isSame = is?.ino === ino && is.birthtimeMs === birthtimeMs && is.size >= size;
    if (isSame) return;
    throw new JournalGoneError({
      message: `${this.file} was removed or replaced while this run was measuring, so its earlier samples are lost and the run ends. Start it again, and leave its directory alone until it has ended.`,
      machine: 'host',
    });
  }

  /**
   * Keeps a tool's raw output next to the journal.
   * @returns the file's path relative to the journal, for records.
   */
  keepOutput(cell: string, name: string, text: string): string {
    const relative = path.join(cell, `${name}.txt`);
    const file = path.join(this.directory, relative);
    mkdirSync(path.dirname(file), { recursive: true });
    namingFile(file, () => writeFileSync(file, text, { flush: true }));
    return relative;
  }
}

let lastStamp = 0;

/**
 * The current time, at least a millisecond after that of the last record: of two equal records only one would count.
 */
function stamp(): string {
  lastStamp = Math.max(Date.now(), lastStamp + 1);
  return new Date(lastStamp).toISOString();
}

/** Whether a killed writer left the last line incomplete, so that the next record must begin on a new line. */
function tornEnd(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

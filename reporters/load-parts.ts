/**
 * Reads parts of a journal, in whichever thread. It stands apart from what becomes of them (load.ts), whose modules a
 * thread would start 0.1 s later with (measured).
 */
import { type DamagedLine, type Part, visitJournal } from '../setup/journal-reader.ts';
import { type JournalItem, Stretches } from './stretches.ts';

/** What a thread made of its part of a journal. */
export interface LoadedPart {
  readonly items: readonly JournalItem[];
  /** Numbered from the part's own start. */
  readonly damaged: readonly DamagedLine[];
  readonly lines: number;
}

/** Reads a journal or a part of it in this thread. */
export function loadPart(file: string, part?: Part): LoadedPart {
  const stretches = new Stretches();
  const damaged: DamagedLine[] = [];
  const lines = visitJournal(
    file,
    {
      line: (bytes, start) => stretches.addAlike(bytes, start),
      record: (record) => stretches.add(record),
      damaged: (line) => void damaged.push(line),
    },
    part,
  );
  return { items: stretches.items, damaged, lines };
}

/** A journal, and which of its parts is to be read next. */
export interface Queue {
  readonly file: string;
  readonly parts: readonly Part[];
  /** A number in memory that all threads share. */
  readonly next: Int32Array;
}

/** Reads parts until all of them are taken, by this thread or by another: one that starts late takes fewer. */
export function loadParts({ file, parts, next }: Queue): (LoadedPart & { readonly index: number })[] {
  const loaded: (LoadedPart & { readonly index: number })[] = [];
  for (;;) {
    const index = Atomics.add(next, 0, 1);
    const part = parts[index];
    if (part === undefined) return loaded;
    loaded.push({ ...loadPart(file, part), index });
  }
}

/** Journals for tests, in a temporary directory. Unlike the real Journal, writing one does not wait for the disk. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findBenchmark } from '../../fixtures/benchmarks/index.ts';
import { journalRecord } from '../../fixtures/records.ts';
import { Journal, type Unstamped } from '../../setup/journal/journal.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import { collectResults, type Results } from './experiment-results.ts';

type Fields<T extends Unstamped['type']> = Partial<Extract<Unstamped, { type: T }>>;

/** A journal in a temporary directory, which is removed at the end of the `using` block. */
export class TestJournal implements Disposable {
  readonly journal: Journal;
  #boots = 0;
  /** Of the last record of any journal: of two equal records only one counts, also where journals are merged. */
  static #stamp = 0;

  constructor() {
    this.journal = new Journal(mkdtempSync(path.join(tmpdir(), 'nestbench-journal-')));
  }

  get directory(): string {
    return this.journal.directory;
  }

  get results(): Results {
    return collectResults(readJournal(this.directory).records);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }

  start(fields: Fields<'experiment'> = {}): this {
    return this.#append({
      type: 'experiment',
      experiment: '2026-11-23-0040',
      testbed: { kind: 'emulated', accelerator: 'tcg', settings: { mitigations: 'off' } },
      profile: 'quick',
      runs: 1,
      host: { cpuModel: 'AMD EPYC 7B13', cpus: 2, memoryBytes: 8 * 2 ** 30, kernel: '6.1.0-40-amd64' },
      versions: { nestbench: '0.1.0', qemu: '7.2.17' },
      commit: 'cb90e4d1c0ffee00112233445566778899aabbcc',
      modified: false,
      ...fields,
    });
  }

  /**
   * A boot of the cell without further details. Each takes a different time, because two equal records would count
   * once.
   */
  boot(cell: string, fields: Fields<'boot'> = {}): this {
    this.#boots += 1;
    const seconds = 5 + this.#boots / 100;
    return this.#append({ type: 'boot', cell, levels: [], client: null, phases: [], seconds, ...fields });
  }

  /**
   * What is about to run, with the sizes of the quick profile, and the benchmark's default loader.
   */
  series(cell: string, benchmark: string, run = 1, fields: Fields<'series'> = {}): this {
    const known = findBenchmark(benchmark);
    const sizes = known && 'sizes' in known ? { ...known.sizes.quick } : { iterations: 3 };
    const loader = known && 'loader' in known ? known.loader : undefined;
    return this.#append({
      type: 'series',
      benchmark,
      cell,
      run,
      sizes,
      on: 'client',
      argv: [benchmark],
      loader,
      ...worded(benchmark),
      ...fields,
    });
  }

  /** A series and its samples; undefined for an iteration without one. */
  samples(cell: string, benchmark: string, values: readonly (number | undefined)[], run = 1): this {
    this.series(cell, benchmark, run);
    for (const [index, value] of values.entries()) {
      if (value !== undefined) this.sample({ cell, benchmark, run, iteration: index + 1, value });
    }
    return this;
  }

  sample(fields: Fields<'sample'> & { cell: string; benchmark: string; value: number }): this {
    return this.#append({
      type: 'sample',
      run: 1,
      iteration: 1,
      started: '2026-11-23T00:41:00.000Z',
      seconds: 3.2,
      output: `${fields.cell}/${fields.benchmark}-1-1.txt`,
      ...worded(fields.benchmark),
      ...fields,
    });
  }

  /** Any other record. */
  record(record: Unstamped): this {
    return this.#append(record);
  }

  skip(cell: string, benchmark: string, reason: string): this {
    return this.#append({ type: 'skip', cell, benchmark, reason });
  }

  fail(cell: string, benchmark: string | null, fields: Fields<'failure'> = {}): this {
    return this.#append({
      type: 'failure',
      cell,
      benchmark,
      kind: 'infrastructure',
      code: 'NESTBENCH_GUEST_HUNG',
      message: 'L3 said nothing on its console for 60 s.\nIts console ends in: RCU stall',
      ...fields,
    });
  }

  #append(record: Unstamped): this {
    TestJournal.#stamp = Math.max(Date.now(), TestJournal.#stamp + 1);
    const checked = journalRecord.parse({ ...record, at: new Date(TestJournal.#stamp).toISOString() });
    appendFileSync(this.journal.file, `${JSON.stringify(checked)}\n`);
    return this;
  }
}

function worded(benchmark: string): { unit: string; better: 'higher' | 'lower' } {
  const known = findBenchmark(benchmark);
  return { unit: known?.unit ?? 'exits', better: known?.better ?? 'lower' };
}

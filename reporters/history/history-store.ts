/**
 * The history: the results of all experiments, in one SQLite file that a nightly job can keep. It uses Node's own
 * SQLite (node:sqlite), which needs no compiler and no download, and prints no warning in the Node version that
 * nestbench requires.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { InputError } from '../../setup/lib/errors.ts';
import { makeDirectory } from '../../setup/lib/make-directory.ts';
import type { Measurement } from '../model/measurement.ts';
import type { Better } from '../model/benchmark-row.ts';

/** Increase it with each change of the tables. A file of a newer nestbench is rejected rather than misread. */
const SCHEMA = 2;

/** How long to wait for another process that holds the file, in milliseconds. Writing an experiment takes far less. */
const PATIENCE_MS = 5000;

export interface HistoryResult extends Omit<Measurement, 'boots'> {
  readonly cell: string;
  readonly benchmark: string;
  readonly unit: string;
  readonly better: Better;
  /** Identifies comparable results: equal for the same testbed, profile, host, variant, loader and sizes. */
  readonly kind: string;
}

export interface HistoryExperiment {
  readonly name: string;
  /** When the experiment started. */
  readonly at: string;
  readonly commit: string | null;
  readonly kernel: string | null;
  /** Versions by name; null if its journal does not have them. */
  readonly toolchain: Readonly<Record<string, string>> | null;
  readonly results: readonly HistoryResult[];
}

export interface HistoryPoint extends HistoryResult {
  readonly experiment: string;
  readonly at: string;
  readonly commit: string | null;
  /** Its release, such as `6.12.57-nestbench`. */
  readonly kernel: string | null;
  readonly toolchain: Readonly<Record<string, string>> | null;
}

/** A change point that was already reported; it is not reported again. */
export interface ReportedChange {
  readonly kind: string;
  readonly cell: string;
  readonly benchmark: string;
  readonly experiment: string;
}

const toolchainText = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : z.record(z.string(), z.string()).parse(JSON.parse(text))));
const pointRow = z.object({
  cell: z.string(),
  benchmark: z.string(),
  unit: z.string(),
  better: z.enum(['higher', 'lower']),
  mean: z.number(),
  runs: z.number(),
  samples: z.number(),
  kind: z.string(),
  experiment: z.string(),
  at: z.string(),
  commit: z.string().nullable(),
  kernel: z.string().nullable(),
  toolchain: toolchainText,
});
const reportedRow = z.object({
  kind: z.string(),
  cell: z.string(),
  benchmark: z.string(),
  experiment: z.string(),
});

const TABLES = ['experiment', 'result', 'told'] as const;

export class HistoryStore implements Disposable {
  readonly #database: DatabaseSync;

  readonly #file: string;

  /**
   * Creates the file if it does not exist, unless it is opened for reading: then the name is probably mistyped.
   * @throws {InputError} NESTBENCH_HISTORY_UNREADABLE if the file is not a history, or was written by a newer
   * nestbench. All methods throw it when SQLite fails: the exit code of `check` must not report a locked file as a
   * change for the worse.
   */
  constructor(file: string, { make = true }: { make?: boolean } = {}) {
    this.#file = file;
    if (!make && !existsSync(file)) {
      throw unreadable(`There is no history ${file}. Create it: npm run history -- add latest`);
    }
    this.#database = this.#inWords(() => {
      makeDirectory(path.dirname(file));
      return new DatabaseSync(file, { timeout: PATIENCE_MS });
    });
    try {
      this.#inWords(() => this.#open(file));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Turns an error of SQLite into a sentence. */
  #inWords<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof InputError || !isOfSystem(error)) throw error;
      throw unreadable(
        `The history ${this.#file} can't be used: ${error.message}. Name another file with --store or HISTORY.`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #open(file: string): void {
    const version = z
      .object({ user_version: z.number() })
      .parse(this.#database.prepare('PRAGMA user_version').get()).user_version;
    if (version > SCHEMA) {
      throw unreadable(
        `The history ${file} was written by a newer nestbench (its tables have version ${version}, this one knows ${SCHEMA}). Use that nestbench, or another --store.`,
      );
    }
    const tables = z
      .array(z.object({ name: z.string() }))
      .parse(this.#database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all())
      .map(({ name }) => name);
    if (version > 0 ? TABLES.some((name) => !tables.includes(name)) : tables.length > 0) {
      throw unreadable(
        `${file} is a database of another program. Name another file with --store or HISTORY.`,
      );
    }
    if (version === SCHEMA) return;
    if (version === 1) {
      this.#inTransaction(() => {
        this.#database.exec(
          `ALTER TABLE experiment ADD COLUMN toolchain TEXT; PRAGMA user_version = ${SCHEMA}`,
        );
      });
      return;
    }
    this.#inTransaction(() => {
      this.#database.exec(`
        CREATE TABLE experiment (name TEXT PRIMARY KEY, at TEXT NOT NULL, "commit" TEXT, kernel TEXT, toolchain TEXT) STRICT;
        CREATE TABLE result (
          experiment TEXT NOT NULL REFERENCES experiment (name) ON DELETE CASCADE,
          cell TEXT NOT NULL, benchmark TEXT NOT NULL, unit TEXT NOT NULL, better TEXT NOT NULL,
          mean REAL NOT NULL, runs INTEGER NOT NULL, samples INTEGER NOT NULL, kind TEXT NOT NULL,
          PRIMARY KEY (experiment, cell, benchmark)
        ) STRICT;
        CREATE TABLE told (
          kind TEXT NOT NULL, cell TEXT NOT NULL, benchmark TEXT NOT NULL, experiment TEXT NOT NULL,
          PRIMARY KEY (kind, cell, benchmark, experiment)
        ) STRICT;
        PRAGMA user_version = ${SCHEMA};
      `);
    });
  }

  /** All of it or, if the process dies, nothing. */
  #inTransaction(work: () => void): void {
    this.#inWords(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        // SQLite has already ended it if the disk is full.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /**
   * Replaces an experiment of the same name, whose journal may have been continued.
   * @returns whether there was one.
   */
  add({ name, at, commit, kernel, toolchain, results }: HistoryExperiment): boolean {
    let replaced = false;
    this.#inTransaction(() => {
      replaced = this.#database.prepare('DELETE FROM experiment WHERE name = ?').run(name).changes > 0;
      this.#database
        .prepare('INSERT INTO experiment VALUES (?, ?, ?, ?, ?)')
        .run(name, at, commit, kernel, toolchain && JSON.stringify(toolchain));
      const insert = this.#database.prepare('INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
      for (const { cell, benchmark, unit, better, mean, runs, samples, kind } of results) {
        insert.run(name, cell, benchmark, unit, better, mean, runs, samples, kind);
      }
    });
    return replaced;
  }

  /** All results, in the order of their experiments' starts. */
  points(): HistoryPoint[] {
    const rows = this.#inWords(() =>
      this.#database
        .prepare(
          `SELECT result.*, experiment.at, experiment."commit", experiment.kernel, experiment.toolchain FROM result
         JOIN experiment ON experiment.name = result.experiment ORDER BY experiment.at, experiment.name, result.rowid`,
        )
        .all(),
    );
    return z.array(pointRow).parse(rows);
  }

  reported(): ReportedChange[] {
    const rows = this.#inWords(() => this.#database.prepare('SELECT * FROM told').all());
    return z.array(reportedRow).parse(rows);
  }

  markReported(points: readonly ReportedChange[]): void {
    this.#inTransaction(() => {
      const insert = this.#database.prepare('INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?)');
      for (const { kind, cell, benchmark, experiment } of points)
        insert.run(kind, cell, benchmark, experiment);
    });
  }
}

/** Whether the error comes from SQLite or the file system, and not from a wrong call. */
function isOfSystem(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || ('code' in error && error.code === 'ERR_SQLITE_ERROR');
}

function unreadable(message: string): InputError {
  return new InputError('NESTBENCH_HISTORY_UNREADABLE', message);
}

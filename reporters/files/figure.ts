/**
 * `figure-5.csv` and `figure-6.csv`: the overhead of nested levels against L0, a row for each bar of the figure. Where
 * a bar can't be drawn its overhead is empty and its reason is told.
 */
import path from 'node:path';
import { isPaperCell, type Level, levelName } from '../../fixtures/matrix.ts';
import { NATIVE_CELL, overheadOf } from '../overhead.ts';
import { outcomeOf, type Results } from '../results.ts';
import { type Columns, csv } from './csv.ts';
import type { Exporter } from './exporter.ts';
import { reasonOf } from './reason.ts';
import { writeWhole } from '../../setup/write-whole.ts';

interface Bar {
  readonly benchmark: string;
  readonly level: Level;
  readonly configuration: string;
  readonly overhead: number | null;
  readonly loader: string | null;
  readonly reason: string;
}

const COLUMNS: Columns<Bar> = {
  benchmark: ({ benchmark }) => benchmark,
  level: ({ level }) => levelName(level),
  configuration: ({ configuration }) => configuration,
  overhead: (bar) => bar.overhead,
  loader: ({ loader }) => loader,
  reason: ({ reason }) => reason,
};

/** Figure 5 of the paper: one and two levels. */
export const figure5 = figure('figure-5.csv', [1, 2]);

/** Figure 6 of the paper: three levels. */
export const figure6 = figure('figure-6.csv', [3]);

function figure(name: string, levels: readonly Level[]): Exporter {
  return {
    name,
    write(results, directory) {
      writeWhole(path.join(directory, name), csv(bars(results, levels), COLUMNS));
      return [name];
    },
  };
}

/** Benchmark by benchmark, and in each the cells in the matrix's order. */
function bars(results: Results, levels: readonly Level[]): Bar[] {
  return results.benchmarks.flatMap(({ name: benchmark, loader }) =>
    results.cells.flatMap(({ name, level, configuration }) => {
      if (level === null || !levels.includes(level) || !isPaperCell(name)) return [];
      const overhead = overheadOf(results, name, benchmark);
      return {
        benchmark,
        level,
        configuration,
        overhead,
        loader,
        reason: whyNot(results, name, benchmark),
      };
    }),
  );
}

/** The cell's own reason; for a sound cell that of L0, without which there is no overhead. */
function whyNot(results: Results, cell: string, benchmark: string): string {
  const own = reasonOf(outcomeOf(results, cell, benchmark));
  const native = reasonOf(outcomeOf(results, NATIVE_CELL, benchmark));
  return own === '' && native !== '' ? `${NATIVE_CELL}: ${native}` : own;
}

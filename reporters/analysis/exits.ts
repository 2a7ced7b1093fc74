/**
 * Exits at L0: per second of the measured command, and per operation of the benchmark's own work. Both are ratios of
 * sums over all samples, so a long sample counts for more than a short one. They include the exits of a command's start
 * over SSH and of its end (some hundred at a level, see `idle` records), which matter less the longer the sample is.
 */
import type { CellResults, Results } from '../model/experiment-results.ts';
import { addWork, type CountedExits, type Work } from '../model/measured-series.ts';
import { sum } from '../model/sum.ts';

export interface ExitRates {
  readonly cell: CellResults;
  readonly benchmark: string;
  /** Samples that have counts. */
  readonly n: number;
  /** The name of one operation; null if the benchmark does not report how much work a sample did. */
  readonly operation: string | null;
  /** One for each counter, under KVM's own names. */
  readonly counters: readonly {
    readonly name: string;
    readonly perSecond: number;
    readonly perOperation: number | null;
  }[];
}

/** For every benchmark in every cell whose samples have counts. */
export function exitRates(results: Results): ExitRates[] {
  return results.cells.flatMap((cell) =>
    [...cell.outcomes].flatMap(([benchmark, outcome]) => {
      if (outcome.state !== 'measured') return [];
      const counted = outcome.runs.flatMap(({ series }) => series.flatMap(({ exits }) => exits ?? []));
      if (counted.length === 0) return [];
      const { n, operation, counters } = ratesOf(counted);
      return { cell, benchmark, n, operation, counters };
    }),
  );
}

function ratesOf(counted: readonly CountedExits[]): Pick<ExitRates, 'n' | 'operation' | 'counters'> {
  const n = sum(counted.map(({ samples }) => samples));
  const seconds = sum(counted.map((one) => one.seconds));
  const work = counted.map((one) => one.work).reduce<Work>(addWork, null);
  const operations = work === 'mixed' ? null : work;
  // Only counters that all samples have.
  const names = [...(counted[0]?.counters.keys() ?? [])].filter(
    (name) => sum(counted.map(({ counters }) => counters.get(name)?.samples ?? 0)) === n,
  );
  return {
    n,
    operation: operations?.unit ?? null,
    counters: names.map((name) => {
      const count = sum(counted.map(({ counters }) => counters.get(name)?.count ?? 0));
      return {
        name,
        perSecond: count / seconds,
        perOperation: operations === null ? null : count / operations.amount,
      };
    }),
  };
}

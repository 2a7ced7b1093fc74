/**
 * Did it become slower? Compares two experiments, benchmark by benchmark and cell by cell.
 *
 * Every benchmark in every cell is its own test, at the unadjusted significance. That many tests give false alarms; the
 * expected number is printed instead of preventing them. A correction for 77 tests would need 9 runs per side before it
 * can declare anything (with 5 boots each, the smallest p is 2/252, and 77 times that is 0.6), and a developer prefers
 * one false alarm to a comparison that never finds anything. The p adjusted by Holm is printed next to each for whoever
 * must be sure of the whole (S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
 * of Statistics 6(2), 1979).
 */
import padjust from '@stdlib/stats-padjust';
import { attainableLevel, runsToReach } from '../statistics/permutation.ts';
import { outcomeOf, type Results } from '../model/experiment-results.ts';
import { forbidding } from './comparable.ts';
import type {
  CompareOptions,
  ComparedRow,
  Comparison,
  ResolvedOptions,
  Tests,
  Unmatched,
} from './comparison.ts';
import { changedBetween, toolchainChangesBetween, warningsOf } from './differences.ts';
import { resolveOptions } from './compare-settings.ts';
import { compareMeasured, type UnadjustedRow } from './row.ts';

/**
 * What changed from `base` to `head`, and whether that is a regression.
 * @throws {RangeError} for an option outside its range.
 */
export function compareExperiments(base: Results, head: Results, options: CompareOptions = {}): Comparison {
  const resolved = resolveOptions(options);
  const differences = forbidding(base, head);
  if (differences.length > 0) return { state: 'incomparable', differences };
  const unadjusted = placesOf(base, head).flatMap(({ cell, benchmark }) => {
    const [one, other] = [outcomeOf(base, cell, benchmark), outcomeOf(head, cell, benchmark)];
    if (one.state !== 'measured' || other.state !== 'measured') return [];
    return [compareMeasured({ cell, benchmark, base: one, head: other }, resolved)];
  });
  const otherToolchain = toolchainChangesBetween(base, head).length > 0;
  return {
    state: 'compared',
    rows: adjusted(unadjusted).map((row) => (otherToolchain ? unattributed(row) : row)),
    unmatched: unmatched(base, head),
    changed: changedBetween(base, head),
    warnings: warningsOf(base, head),
    tests: testsOf(unadjusted, resolved),
    options: resolved,
  };
}

/** With another toolchain, either the code or the toolchain may have caused the change. */
function unattributed(row: ComparedRow): ComparedRow {
  const { kind } = row.verdict;
  if (kind !== 'regression' && kind !== 'improvement') return row;
  const reason = `${row.verdict.reason}, but the toolchain changed too, and either may have made it ${kind === 'regression' ? 'worse' : 'better'}`;
  return { ...row, verdict: { ...row.verdict, kind: 'changed', reason } };
}

/** Every benchmark in every cell of either side, in the matrix's order, each once. */
function placesOf(base: Results, head: Results): { cell: string; benchmark: string }[] {
  const cells = new Set([...base.cells, ...head.cells].map(({ name }) => name));
  const benchmarks = new Set([...base.benchmarks, ...head.benchmarks].map(({ name }) => name));
  return [...cells].flatMap((cell) => [...benchmarks].map((benchmark) => ({ cell, benchmark })));
}

function unmatched(base: Results, head: Results): Unmatched[] {
  return placesOf(base, head).flatMap(({ cell, benchmark }): Unmatched[] => {
    const [one, other] = [outcomeOf(base, cell, benchmark), outcomeOf(head, cell, benchmark)];
    if (one.state === 'measured' && other.state !== 'measured') {
      return [{ cell, benchmark, measured: 'base', other: { state: other.state, reason: other.reason } }];
    }
    if (one.state !== 'measured' && other.state === 'measured') {
      return [{ cell, benchmark, measured: 'head', other: { state: one.state, reason: one.reason } }];
    }
    return [];
  });
}

function adjusted(rows: readonly UnadjustedRow[]): ComparedRow[] {
  const tested = rows.filter((row) => row.probability !== null);
  const probabilities = tested.map(({ probability }) => probability ?? 1);
  // padjust rejects an empty list.
  const holm = probabilities.length === 0 ? [] : padjust(probabilities, 'holm');
  const byRow = new Map(tested.map((row, index) => [row, holm[index] ?? null]));
  return rows.map((row) => ({ ...row, adjusted: byRow.get(row) ?? null }));
}

function testsOf(rows: readonly UnadjustedRow[], { significance, resamples }: ResolvedOptions): Tests {
  const tested = rows.filter(({ probability }) => probability !== null);
  const minRuns = runsToReach(significance);
  const expected = tested
    .filter(({ base, head }) => Math.min(base.boots, head.boots) >= minRuns)
    // Half of them have the good direction.
    .map(({ base, head }) => attainableLevel(base.boots, head.boots, significance, resamples) / 2);
  return { count: tested.length, expectedFalseAlarms: expected.reduce((sum, level) => sum + level, 0) };
}

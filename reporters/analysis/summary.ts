/**
 * A summary of an experiment: where it ran, what each cell cost, and what went wrong, in about fifteen lines. As data,
 * which a terminal and a Markdown page both show.
 */
import { applicationsOf } from '../model/applications.ts';
import { breakdown, type BreakdownRow } from './breakdown.ts';
import { describeDirectHardware } from './direct-hardware.ts';
import { type ExitCosts, exitCosts } from './exit-costs.ts';
import { describeContention } from './fairness.ts';
import { fairnessLines } from './fairness-lines.ts';
import {
  describeCommit,
  describeProfile,
  describeSideBySide,
  describeTestbed,
  describeVariant,
} from './heading.ts';
import { intervalTexts, SHORT } from './interval-words.ts';
import { type Marks, marksLegend, marksOf } from './marks.ts';
import { NATIVE_CELL, overheadOf } from './overhead.ts';
import { failures, type Problem, skips } from './problems.ts';
import { type Outcome, outcomeOf, type Results } from '../model/experiment-results.ts';
import { describeStates } from './stack-states.ts';
import { describeTuning } from './machine-tuning.ts';

export type SummaryEntry =
  | {
      readonly state: 'measured';
      readonly mean: number;
      readonly halfWidth: number | null;
      /** Against L0; null at L0, and if that was not measured. */
      readonly overhead: number | null;
      readonly marks: Marks;
    }
  | { readonly state: 'failed' | 'skipped' | 'missing' };

export interface Summary {
  readonly experiment: string;
  /** Where and how it was measured: sentences without a full stop. */
  readonly facts: readonly string[];
  readonly benchmarks: readonly { readonly name: string; readonly unit: string }[];
  /** What each mechanism of direct virtual hardware brings, if its steps were measured. */
  readonly breakdown: readonly BreakdownRow[];
  /** Of microbenchmarks, which have their own table. */
  readonly exitCosts: readonly ExitCosts[];
  /** Cells in which something was measured or failed, in the matrix's order. */
  readonly rows: readonly { readonly cell: string; readonly entries: readonly SummaryEntry[] }[];
  readonly legend: readonly string[];
  /** How to read their intervals, if they are shown. */
  readonly intervals: readonly string[];
  /** What failed, and what was over a limit. */
  readonly troubles: readonly string[];
  readonly skipped: readonly string[];
}

const MISSING: Outcome = { state: 'missing', reason: 'not run' };

/** The others are only counted. */
const MAX_TROUBLES = 3;

export function summaryOf(results: Results): Summary {
  const applications = applicationsOf(results);
  const cells = results.cells.filter(
    ({ outcomes, failures: its }) =>
      its.length > 0 || applications.some(({ name }) => isOwn(outcomes.get(name) ?? MISSING)),
  );
  const benchmarks = applications.filter(({ name }) =>
    cells.some((cell) => isOwn(outcomeOf(results, cell.name, name))),
  );
  const rows = cells.map(({ name: cell }) => ({
    cell,
    entries: benchmarks.map(({ name }) => entryOf(results, cell, name)),
  }));
  const tuning = describeTuning(results);
  const over = fairnessLines(results).filter((line) => line.over);
  return {
    experiment: results.experiment ?? 'an experiment without a record of its start',
    facts: factsOf(results),
    benchmarks: benchmarks.map(({ name, unit }) => ({ name, unit: unit ?? '' })),
    breakdown: breakdown(results),
    exitCosts: exitCosts(results),
    rows,
    legend: [...legendOf(rows), ...(tuning === '' ? [] : [`tuning as found: ${tuning}`])],
    intervals: intervalTexts(results, SHORT).map(
      ({ text, places }) => `±: ${text}${places === '' ? '' : ` (${places})`}`,
    ),
    troubles: [...results.remarks, ...fewest(failures(results)), ...over.map(({ text }) => text)],
    skipped: skips(results).map(({ where, reason }) => `${where}: ${reason}`),
  };
}

/** Whether the benchmark itself has an outcome, rather than its cell. */
function isOwn(outcome: Outcome): boolean {
  return outcome.state === 'measured' || (outcome.state === 'failed' && outcome.failures.length > 0);
}

function entryOf(results: Results, cell: string, benchmark: string): SummaryEntry {
  const outcome = outcomeOf(results, cell, benchmark);
  if (outcome.state !== 'measured') return { state: outcome.state };
  const { mean, halfWidth } = outcome.interval;
  return {
    state: 'measured',
    mean,
    halfWidth,
    overhead: cell === NATIVE_CELL ? null : overheadOf(results, cell, benchmark),
    marks: marksOf(results, cell, benchmark),
  };
}

/** If starts differ, each is listed. */
function factsOf(results: Results): string[] {
  const { starts } = results;
  const stacks = describeStates(results);
  const directHardware = describeDirectHardware(results);
  return [describeTestbed, describeSideBySide, describeVariant, describeProfile, describeCommit]
    .map((describe) => new Set(starts.map(describe)))
    .map((texts) => [...texts].filter((text) => text !== '').join(' and '))
    .concat(
      directHardware === '' ? '' : `direct virtual hardware: ${directHardware}`,
      stacks === '' ? '' : `stacks ${stacks}`,
      describeContention(results),
    )
    .filter((text) => text !== '');
}

function legendOf(rows: Summary['rows']): string[] {
  const entries = rows.flatMap((row) => row.entries).filter((entry) => entry.state === 'measured');
  return [
    ...(entries.some(({ overhead }) => overhead !== null)
      ? [
          `2.3x: overhead against ${NATIVE_CELL} by the best of the runs' averages, 1.0 is native and more is worse`,
        ]
      : []),
    ...marksLegend(entries.map(({ marks }) => marks)),
  ];
}

function fewest(problems: readonly Problem[]): string[] {
  const shown = problems.slice(0, MAX_TROUBLES).map(({ where, reason }) => `${where}: ${reason}`);
  const rest = problems.length - shown.length;
  return rest === 0 ? shown : [...shown, `and ${rest} more`];
}

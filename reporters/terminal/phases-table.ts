/** Where the time went, as a terminal table. */
import { cellTimes, preparation, STAGES } from '../analysis/phases.ts';
import type { Results } from '../model/experiment-results.ts';
import { type Column, type Paint, tableBlocks, wordColumn } from './columns.ts';

/** Shorter phases would be 0.0 with one decimal. */
const SHOWN_SECONDS = 0.05;

/** Blocks of lines: cells down, stages across, in seconds. Stages that took no time in any cell have no column. */
export function timeTable(results: Results, columns: number, paint: Paint): string[][] {
  const cells = cellTimes(results);
  const names = cells.map(({ cell }) => cell);
  const stages = STAGES.filter((stage) => cells.some(({ stages: its }) => its[stage] >= SHOWN_SECONDS));
  const label = wordColumn('seconds', names, 'left');
  const shown = stages.map((stage) => {
    const seconds = cells.map(({ stages: its }) => its[stage]);
    return secondsColumn(stage, seconds);
  });
  const totals = cells.map(({ total }) => total);
  return cells.length === 0
    ? []
    : tableBlocks([label], shown.concat(secondsColumn('all', totals)), columns, paint);
}

function secondsColumn(heading: string, seconds: readonly number[]): Column {
  return wordColumn(heading, seconds.map(inTenths), 'right');
}

/** `before the cells: Vitest 1.2 s, kernel and image 0.1 s`; undefined if the journal does not have it. */
export function preparationLine(results: Results): string | undefined {
  const phases = preparation(results).filter(({ seconds }) => seconds >= SHOWN_SECONDS);
  if (phases.length === 0) return undefined;
  return `before the cells: ${phases.map(({ name, seconds }) => `${name} ${inTenths(seconds)} s`).join(', ')}`;
}

function inTenths(seconds: number): string {
  return seconds < SHOWN_SECONDS ? '' : seconds.toFixed(1);
}

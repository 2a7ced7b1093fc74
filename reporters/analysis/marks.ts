/** What makes a number doubtful: a mark next to it, and its meaning, with the same explanation everywhere. */
import { isBesideOthers } from './fairness.ts';
import { formatOverhead } from '../model/numbers.ts';
import { isUneven, NATIVE_CELL, overheadOf } from './overhead.ts';
import { overlapping } from '../model/overlap.ts';
import { outcomeOf, type Results } from '../model/experiment-results.ts';
import { isAcrossStates } from './stack-states.ts';

export interface Mark {
  readonly mark: string;
  readonly meaning: string;
}

export interface Marks {
  /** Marks of its overhead, which compares two unlike numbers. */
  readonly overhead: readonly Mark[];
  readonly samples: readonly Mark[];
}

const ACROSS_STATES: Mark = {
  mark: '~',
  meaning: 'one of the two stacks was measured as booted, the other restored from a snapshot',
};
const UNEVEN: Mark = {
  mark: '#',
  meaning: 'the two sides are the best of different numbers of runs, which favours the side with more',
};
const FEWER: Mark = { mark: '!', meaning: 'fewer samples than planned' };
const OVERLAPPING: Mark = { mark: '&', meaning: 'samples ran at the same time as others on the same host' };
export const CONTENDED: Mark = {
  mark: '^',
  meaning: "the host's CPUs had other work during a sample, see Fairness",
};
/** In the order of the legend. */
const ALL = [ACROSS_STATES, UNEVEN, FEWER, OVERLAPPING, CONTENDED];

export function marksOf(results: Results, cell: string, benchmark: string): Marks {
  const outcome = outcomeOf(results, cell, benchmark);
  const hasOverhead = cell !== NATIVE_CELL && overheadOf(results, cell, benchmark) !== null;
  return {
    overhead: those(
      [ACROSS_STATES, hasOverhead && isAcrossStates(results, cell)],
      [UNEVEN, hasOverhead && isUneven(results, cell, benchmark)],
    ),
    samples: those(
      [FEWER, outcome.state === 'measured' && outcome.failures.length > 0],
      [OVERLAPPING, overlapping(results, cell, benchmark) > 0],
      [CONTENDED, isBesideOthers(results, cell, benchmark)],
    ),
  };
}

function those(...marks: readonly (readonly [mark: Mark, has: boolean])[]): Mark[] {
  return marks.flatMap(([mark, has]) => (has ? mark : []));
}

/** `~9.7x#` */
export function markedOverhead(overhead: number, { overhead: marks }: Marks): string {
  const [before, behind] = [marks.includes(ACROSS_STATES), marks.includes(UNEVEN)];
  return (before ? ACROSS_STATES.mark : '') + formatOverhead(overhead) + (behind ? UNEVEN.mark : '');
}

export function markedSamples({ samples }: Marks): string {
  return samples.map(({ mark }) => mark).join('');
}

/** A line for each mark that occurs. */
export function marksLegend(all: readonly Marks[]): string[] {
  const present = new Set(all.flatMap(({ overhead, samples }) => [...overhead, ...samples]));
  return ALL.filter((mark) => present.has(mark)).map(({ mark, meaning }) => `${mark}: ${meaning}`);
}

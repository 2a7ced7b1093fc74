/** The heading of a comparison: which two experiments, measured where, and what differs between them. */
import { heading } from '../analysis/heading.ts';
import type { Results } from '../model/experiment-results.ts';
import { labelledLines } from '../model/text.ts';
import type { Compared } from './comparison.ts';

/** The two experiments, each with the name that the user gave. */
export interface Sides {
  readonly base: NamedResults;
  readonly head: NamedResults;
}

export interface NamedResults {
  readonly name: string;
  readonly results: Results;
}

/** What both sides must share to be comparable. */
const SHARED = new Set(['testbed', 'profile']);

export function comparisonHeading({ changed }: Compared, { base, head }: Sides, columns: number): string {
  const lines: (readonly [word: string, line: string])[] = [
    ['base', nameOf(base)],
    ['head', nameOf(head)],
    ...heading(head.results).filter(([word]) => SHARED.has(word)),
    ...changed.map(
      (each, index) => [index === 0 ? 'differs' : '', `${each.what}: ${each.base} -> ${each.head}`] as const,
    ),
    ...(changed.length === 0 ? [['differs', 'nothing that was recorded'] as const] : []),
  ];
  return labelledLines(lines, columns);
}

/** `latest (2026-11-23-0040)`: with the experiment's own name if the user gave another. */
function nameOf({ name, results: { experiment } }: NamedResults): string {
  return experiment === null || experiment === name ? name : `${name} (${experiment})`;
}

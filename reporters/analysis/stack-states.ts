/**
 * The state in which the stacks were measured: as booted, or restored from a snapshot. Their memory differs, and so do
 * the numbers (docs/warm-starts.md). An experiment with both says so, and marks the overheads that compare the two.
 */
import type { StartRecord } from '../../fixtures/records.ts';
import { NATIVE_CELL } from './overhead.ts';
import type { Results } from '../model/experiment-results.ts';

export type StackState = 'booted' | 'restored';

/**
 * @param start absent in journals older than snapshots.
 */
export function stackState(start: StartRecord | undefined): StackState {
  if (start === undefined) return 'booted';
  if (start.kind !== 'cold') return 'restored';
  // Older records have no state: a cold boot on request was then measured from a snapshot that was not kept; others
  // were not.
  return start.state ?? (start.why === 'asked for' ? 'restored' : 'booted');
}

type StatesByCell = ReadonlyMap<string, ReadonlySet<StackState>>;

const found = new WeakMap<Results, StatesByCell>();

/** The states of the stacks that gave samples, by cell. Cached, because every overhead asks for it. */
function statesByCell(results: Results): StatesByCell {
  const states = found.get(results) ?? findStates(results);
  found.set(results, states);
  return states;
}

function findStates({ records }: Results): StatesByCell {
  const current = new Map<string, StackState>();
  const states = new Map<string, Set<StackState>>();
  for (const record of records) {
    if (record.type === 'boot') current.set(record.cell, stackState(record.start));
    const state = record.type === 'samples' ? current.get(record.cell) : undefined;
    if (record.type === 'samples' && state !== undefined) {
      states.set(record.cell, (states.get(record.cell) ?? new Set()).add(state));
    }
  }
  return states;
}

/** Whether a cell's overhead compares stacks that were not measured in the same state. */
export function isAcrossStates(results: Results, cell: string): boolean {
  const states = statesByCell(results);
  return new Set([...(states.get(NATIVE_CELL) ?? []), ...(states.get(cell) ?? [])]).size > 1;
}

/** Which cells were measured in which state; empty if all are the same. */
export function describeStates(results: Results): string {
  const cells = [...statesByCell(results)];
  if (new Set(cells.flatMap(([, states]) => [...states])).size < 2) return '';
  const byState = Map.groupBy(cells, ([, states]) => inWords(states));
  return `measured in different states: ${[...byState]
    .map(([words, its]) => `${words}: ${its.map(([cell]) => cell).join(', ')}`)
    .join('; ')}`;
}

/** The cells that both experiments measured, but not in the same state. */
export function cellsInOtherStates(one: Results, other: Results): string[] {
  const others = statesByCell(other);
  return [...statesByCell(one)].flatMap(([cell, states]) => {
    const its = others.get(cell);
    return its !== undefined && states.union(its).size > 1 ? [cell] : [];
  });
}

function inWords(states: ReadonlySet<StackState>): string {
  if (states.size > 1) return 'some of each';
  return states.has('booted') ? 'as booted' : 'restored from a snapshot';
}

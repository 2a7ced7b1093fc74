/** Faults that once failed, or that show that a whole group of kinds still strikes: which `npm test` repeats. */
import type { CellName } from '../../fixtures/matrix.ts';
import type { Phase, PlannedFault } from './fault-kind.ts';
import type { Outcome } from './fault-result.ts';
import { momentOf } from './faults-table.ts';
import { FAULT_KINDS } from './kinds.ts';

interface Regression {
  readonly kind: string;
  readonly target?: string;
  readonly cell: CellName;
  readonly phase: Phase;
  readonly benchmark?: string;
  readonly afterMs: number;
  /** For what the kind draws itself. */
  readonly seed?: number;
  /** One of these, where it depends on moments of the host. */
  readonly outcome: Outcome | readonly Outcome[];
}

/** A fault, and how its run has to end. */
export interface PlannedRegression {
  readonly planned: PlannedFault;
  readonly outcomes: readonly Outcome[];
}

/** With what once happened. Together they take 8 minutes on two cores, and may take 10. */
const LIST: readonly Regression[] = [
  // Noticed after 120 to 240 s, and the wire was not named.
  {
    kind: 'remove-wire',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 300,
    outcome: 'went on',
  },
  // The sound snapshot was dropped.
  {
    kind: 'kill-qemu',
    target: 'client',
    cell: 'l0-baseline',
    phase: 'restore',
    afterMs: 100,
    outcome: 'went on',
  },
  // A stack trace, and a stack that booted again in vain.
  { kind: 'results-read-only', cell: 'l0-baseline', phase: 'measure', afterMs: 200, outcome: 'ended' },
  // "ending the machines" was printed, and then it measured on.
  { kind: 'terminate-run', cell: 'l0-baseline', phase: 'start', afterMs: 2200, outcome: 'ended' },
  // Every start failed for good.
  {
    kind: 'snapshot-truncated',
    target: 'seed.tar',
    cell: 'l0-baseline',
    phase: 'start',
    afterMs: 0,
    outcome: 'went on',
  },
  // Four QEMUs ran during samples.
  {
    kind: 'snapshot-removed',
    cell: 'l0-baseline',
    phase: 'restore',
    afterMs: 0,
    outcome: ['unnoticed', 'went on'],
  },
  // Unnoticed for 118 to 134 s.
  {
    kind: 'cut-ssh',
    target: 'l1',
    cell: 'l1-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 200,
    outcome: 'went on',
  },
  // Both were told as bugs of nestbench, so no other stack was booted.
  {
    kind: 'cut-bridge',
    target: 'l0',
    cell: 'l1-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 200,
    outcome: 'went on',
  },
  {
    kind: 'reset',
    target: 'l1',
    cell: 'l1-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 200,
    outcome: 'went on',
  },
  // A sample of an hour counted. This is in the middle of memcached's on any host: it begins after about 1 s, and takes 3 s.
  {
    kind: 'step-clock',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'memcached',
    afterMs: 2200,
    outcome: ['went on', 'unnoticed'],
  },
  // The client's clock was blamed, because the command had ended during the pause.
  {
    kind: 'pause-worker',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'memcached',
    afterMs: 1800,
    outcome: ['ended', 'unnoticed'],
  },
  // The journal had only a code in the place of the reason.
  {
    kind: 'kill-lock-holder',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 200,
    outcome: 'ended',
  },
  // A stack trace of the reporter, which found no journal.
  {
    kind: 'journal-removed',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'memcached',
    afterMs: 900,
    outcome: 'ended',
  },
  // Both succeeded, with one mean over both.
  {
    kind: 'two-profiles',
    cell: 'l0-baseline',
    phase: 'start',
    afterMs: 50,
    outcome: ['ended', 'unnoticed'],
  },
  // Dropped the sound snapshot: the QEMU had not greeted yet.
  {
    kind: 'kill-qemu',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'restore',
    afterMs: 63,
    outcome: 'went on',
  },
  // Exit code 0, without a sample and without a failure. Before netperf starts on any host.
  {
    kind: 'tool-endless',
    target: 'netperf',
    cell: 'l0-baseline',
    phase: 'measure',
    afterMs: 50,
    outcome: 'ended',
  },
];

/** The same on two machines of one's own: minutes each. */
const PHYSICAL_LIST: readonly Regression[] = [
  {
    kind: 'power-cut',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 200,
    outcome: 'went on',
  },
  {
    kind: 'power-cut',
    target: 'client',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'memcached',
    afterMs: 900,
    outcome: 'went on',
  },
  {
    kind: 'power-cut',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'copy',
    afterMs: 500,
    outcome: 'went on',
  },
  {
    kind: 'old-kernel',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'deploy',
    afterMs: 0,
    outcome: 'ended',
  },
  {
    kind: 'nic-renamed',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'start',
    afterMs: 0,
    outcome: 'ended',
  },
  {
    kind: 'nic-renamed',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'deploy',
    afterMs: 0,
    outcome: 'ended',
  },
  {
    kind: 'boot-full',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'deploy',
    afterMs: 0,
    outcome: 'ended',
  },
  {
    kind: 'key-removed',
    target: 'client',
    cell: 'l0-baseline',
    phase: 'start',
    afterMs: 0,
    outcome: 'ended',
  },
];

/** Each with a title for a test. */
export const REGRESSIONS = LIST.map(planned).map(titled);
export const PHYSICAL_REGRESSIONS = PHYSICAL_LIST.map(planned).map(titled);

function planned(one: Regression, index: number): PlannedRegression {
  const kind = FAULT_KINDS.find(({ name }) => name === one.kind);
  if (kind === undefined) throw new RangeError(`There is no kind ${one.kind}.`);
  const { target = 'run', cell, phase, benchmark = 'hackbench', afterMs, seed = 1, outcome } = one;
  return {
    planned: { number: index + 1, kind, target, cell, phase, benchmark, afterMs, seed },
    outcomes: [outcome].flat(),
  };
}

function titled(regression: PlannedRegression): readonly [title: string, PlannedRegression] {
  const { planned: fault, outcomes } = regression;
  const { kind, target, cell } = fault;
  const title = `${kind.name} ${target} in ${cell}, ${momentOf(fault)}: ${outcomes.join(' or ')}`;
  return [title, regression];
}

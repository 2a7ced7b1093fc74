/** Faults that once failed, or that show that a whole group of kinds still strikes: which `npm test` repeats. */
import type { CellName } from '../../fixtures/matrix.ts';
import type { Phase, PlannedFault } from './fault-kind.ts';
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
}

/** With what once happened. Together they take a few minutes on two cores. */
const LIST: readonly Regression[] = [
  // Noticed after 120 to 240 s, and the wire was not named.
  { kind: 'remove-wire', cell: 'l0-baseline', phase: 'measure', benchmark: 'netperf-rr', afterMs: 300 },
  // The sound snapshot was dropped.
  { kind: 'kill-qemu', target: 'client', cell: 'l0-baseline', phase: 'restore', afterMs: 100 },
  // A stack trace, and a stack that booted again in vain.
  { kind: 'results-read-only', cell: 'l0-baseline', phase: 'measure', afterMs: 200 },
  // "ending the machines" was printed, and then it measured on.
  { kind: 'terminate-run', cell: 'l0-baseline', phase: 'start', afterMs: 2200 },
  // Every start failed for good.
  { kind: 'snapshot-truncated', target: 'seed.tar', cell: 'l0-baseline', phase: 'start', afterMs: 0 },
  // Unnoticed for 118 to 134 s.
  {
    kind: 'cut-ssh',
    target: 'l1',
    cell: 'l1-baseline',
    phase: 'measure',
    benchmark: 'netperf-rr',
    afterMs: 200,
  },
  // A sample of an hour counted. This is in the middle of memcached's on any host: it begins after about 1 s, and takes 3 s.
  {
    kind: 'step-clock',
    target: 'l0',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'memcached',
    afterMs: 2200,
  },
  // The client's clock was blamed, because the command had ended during the pause.
  { kind: 'pause-worker', cell: 'l0-baseline', phase: 'measure', benchmark: 'memcached', afterMs: 1800 },
  // The journal had only a code in the place of the reason.
  { kind: 'kill-lock-holder', cell: 'l0-baseline', phase: 'measure', benchmark: 'netperf-rr', afterMs: 200 },
  // A stack trace of the reporter, which found no journal.
  { kind: 'journal-removed', cell: 'l0-baseline', phase: 'measure', benchmark: 'memcached', afterMs: 900 },
  // Both succeeded, with one mean over both.
  { kind: 'two-profiles', cell: 'l0-baseline', phase: 'start', afterMs: 50 },
  // Dropped the sound snapshot: the QEMU had not greeted yet.
  { kind: 'kill-qemu', target: 'l0', cell: 'l0-baseline', phase: 'restore', afterMs: 63 },
  // Exit code 0, without a sample and without a failure. Before netperf starts on any host.
  { kind: 'tool-endless', target: 'netperf', cell: 'l0-baseline', phase: 'measure', afterMs: 50 },
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
  },
  {
    kind: 'power-cut',
    target: 'client',
    cell: 'l0-baseline',
    phase: 'measure',
    benchmark: 'memcached',
    afterMs: 900,
  },
  { kind: 'power-cut', target: 'l0', cell: 'l0-baseline', phase: 'copy', afterMs: 500 },
  { kind: 'old-kernel', target: 'l0', cell: 'l0-baseline', phase: 'deploy', afterMs: 0 },
  { kind: 'nic-renamed', target: 'l0', cell: 'l0-baseline', phase: 'start', afterMs: 0 },
  { kind: 'nic-renamed', target: 'l0', cell: 'l0-baseline', phase: 'deploy', afterMs: 0 },
  { kind: 'boot-full', target: 'l0', cell: 'l0-baseline', phase: 'deploy', afterMs: 0 },
  { kind: 'key-removed', target: 'client', cell: 'l0-baseline', phase: 'copy', afterMs: 500 },
];

export const REGRESSIONS = LIST.map(planned);
export const PHYSICAL_REGRESSIONS = PHYSICAL_LIST.map(planned);

function planned(one: Regression, index: number): PlannedFault {
  const kind = FAULT_KINDS.find(({ name }) => name === one.kind);
  if (kind === undefined) throw new RangeError(`There is no kind ${one.kind}.`);
  const { target = 'run', cell, phase, benchmark = 'hackbench', afterMs, seed = 1 } = one;
  return { number: index + 1, kind, target, cell, phase, benchmark, afterMs, seed };
}

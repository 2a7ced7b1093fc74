/** What a kind of fault is: what it breaks, at which moments, and what a run may do then. */
import type { CellName, Level } from '../../fixtures/matrix.ts';
import type { Scene } from './scene.ts';

/**
 * The moments of a run: `start` is from its first instruction, `restore` from the start of its machines, `measure` from
 * the start of a benchmark, and `end` from its last sample.
 */
export const PHASES = ['start', 'restore', 'measure', 'end'] as const;
/**
 * Those on two machines of one's own, which nothing restores: `deploy` is from the end of the preparation, when
 * both machines have been checked and the server has yet to boot the cell's kernel, and `copy` from the start of the image's copy to the machine.
 */
export const PHYSICAL_PHASES = ['start', 'deploy', 'copy', 'measure', 'end'] as const;
export type Phase = (typeof PHASES | typeof PHYSICAL_PHASES)[number];

/** The testbed of a campaign: this host's machines, or two of one's own. */
export type TestbedName = 'emulated' | 'physical';
export const BOTH_TESTBEDS: readonly TestbedName[] = ['emulated', 'physical'];

/** What a fault hits. */
export interface Target {
  readonly name: string;
  /** The lowest cell that has it. */
  readonly level: Level;
  /** The benchmark during which it can be struck, if not any. */
  readonly benchmark?: string;
  /** The testbeds that have it, if not all of the kind's. */
  readonly testbeds?: readonly TestbedName[];
}

export const WHOLE_RUN: readonly Target[] = [{ name: 'run', level: 0 }];

export interface FaultKind {
  readonly name: string;
  /** What it does, as the plan and the documentation say it: `ends the process with SIGKILL`. */
  readonly about: string;
  readonly targets: readonly Target[];
  /** Those that a testbed does not have are not drawn there. */
  readonly phases: readonly Phase[];
  /** By default the emulated one alone. */
  readonly testbeds?: readonly TestbedName[];
  /** How often it is drawn, beside 1 for others: less for one that takes minutes. */
  readonly weight?: number;
  /** Whether it mounts file systems or limits memory. */
  readonly needsRoot?: true;
  /** Changes of the run's environment. */
  readonly environment?: (scene: Scene) => Readonly<Record<string, string>>;
  /** What has to be there before the run starts. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** What it needs once the stack is up, so that it takes no time at the moment itself: connections to guests. */
  readonly arrive?: (scene: Scene) => Promise<unknown>;
  /** @throws if it can't be sure that it broke something. */
  readonly inject: (scene: Scene) => Promise<void>;
  readonly expected: Expected;
  /** What else is wrong once all runs of the scene have ended, in sentences. */
  readonly judge?: (scene: Scene) => Promise<string[]>;
}

/** What may happen to a run in which a fault of a kind strikes. */
export interface Expected {
  /** Exit codes, and signals that may end it. 0 always counts where nothing is printed of the fault. */
  readonly ends: readonly (number | NodeJS.Signals)[];
  /** The first sentence about it; undefined for a run that can't say anything any more. */
  readonly says: RegExp | undefined;
  /** Whether the run may go on as if nothing had happened, and a sample that ran meanwhile counts. */
  readonly mayGoUnnoticed?: true;
  /** The only phases in which that holds, for a kind that shows in others. */
  readonly mayGoUnnoticedIn?: readonly Phase[];
  /** Whether that holds for a level between L0 and the one that is measured, to which only its own commands go. */
  readonly mayGoUnnoticedBetween?: true;
  /** Whether it shows in nothing but the sample during which it strikes. */
  readonly showsInSamplesOnly?: true;
  /** Whether the samples until then are lost, and nothing but the run itself can say so. */
  readonly losesJournal?: true;
  /** How long it may take until the run has ended, from the fault. */
  readonly withinSeconds: number;
}

/** How a kind strikes a machine of the stack. */
export type Way = Pick<FaultKind, 'arrive' | 'inject'>;

/** One fault of a campaign. */
export interface PlannedFault {
  /** Counted from 1. */
  readonly number: number;
  readonly kind: FaultKind;
  readonly target: string;
  readonly cell: CellName;
  readonly phase: Phase;
  /** Which benchmark, in phase `measure`. */
  readonly benchmark: string;
  readonly afterMs: number;
  /** For what the kind draws itself. */
  readonly seed: number;
}

/**
 * The interface of a testbed: it prepares, plans and starts the machines of cells. Each has a folder here; testbeds.ts
 * lists them.
 */
import type { Benchmark, BenchmarkKind } from '../../fixtures/benchmarks/benchmark.ts';
import type { Loaders } from '../../fixtures/benchmarks/index.ts';
import type { Clock } from '../../fixtures/clock.ts';
import type { Lane } from '../../fixtures/host-cpus.ts';
import type { Cell } from '../../fixtures/matrix.ts';
import type { Profile } from '../../fixtures/profiles.ts';
import type { StartRecord } from '../../fixtures/records.ts';
import type { Variant } from '../../fixtures/variant.ts';
import type { NestbenchError } from '../lib/errors.ts';
import type { Phase, Phases } from '../lib/phase-clock.ts';
import type { Environment } from '../run/experiment-record.ts';
import type { Request, Selection } from '../run/selection.ts';
import type { BootKind, Resume, Settings } from '../run/settings.ts';
import type { AskedSideBySide } from '../run/side-by-side.ts';
import type { TimeBudget } from '../run/time-budget.ts';
import type { RunningStack } from '../stack/running.ts';
import type { Finding } from './diagnose.ts';

/** What workers get of an experiment on any testbed. */
export interface CommonExperiment {
  /** `results/EXPERIMENT`. */
  readonly directory: string;
  readonly profile: Profile;
  readonly variant: Variant;
  /** BOOT: whether its stacks are restored. */
  readonly boot: BootKind;
  /** PARALLEL: the CPUs of each cell that runs beside others; absent if cells run one at a time. */
  readonly lanes?: readonly Lane[] | undefined;
  /** RESUME: what the experiment lacks is measured, and nothing else. */
  readonly resume?: Resume | undefined;
  /** WITHIN: what may still be begun. */
  readonly budget?: TimeBudget | undefined;
}

/** Further fields; each testbed adds its own. */
export interface TestbedExperiment {
  /** The testbed's name in testbeds.ts. */
  readonly kind: string;
  /** The clock of the stacks for either kind of benchmark. */
  readonly clocks: Readonly<Record<BenchmarkKind, Clock>>;
  /** Load generators other than the usual ones. */
  readonly loaders?: Loaders;
}

/** The whole boot of a cell, as data; each testbed adds its machines. */
export interface CellPlan {
  readonly cell: Cell;
  readonly clock: Clock;
  /** The CPUs of the host that its stack has for itself, if others run beside it. */
  readonly hostCpus?: readonly number[];
}

export interface Testbed<E extends TestbedExperiment = TestbedExperiment, P extends CellPlan = CellPlan> {
  /** Whether hardware runs the machines' instructions, and not an emulator. Asked before anything else. */
  runsOnHardware(settings: Settings): Promise<boolean>;
  /**
   * On which CPUs of this host cells run side by side; empty if they run one at a time.
   * @param asked how many, and by whom; undefined for as many as the host has room for.
   * @param say called with a sentence if there are fewer than usual on this host.
   * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if so many do not fit.
   */
  lanes(
    requests: readonly Request[],
    settings: Settings,
    asked: AskedSideBySide | undefined,
    say: (line: string) => void,
  ): Promise<readonly Lane[]>;
  /** Does everything before the first boot: takes the testbed, checks it, builds, installs. */
  prepare(selection: Selection, settings: Settings, options: PrepareOptions): Promise<Prepared<E>>;
  /**
   * Why a cell can't be measured; undefined if it can.
   * @param on the experiment and what its stack is for, once it is prepared.
   */
  whyNot(
    cell: Cell,
    on?: { readonly experiment: CommonExperiment & E; readonly kind: BenchmarkKind },
  ): string | undefined;
  /** Plans a cell. Pure. */
  plan(cell: Cell, experiment: CommonExperiment & E, kind: BenchmarkKind): P;
  /** The experiment for the stacks of one of its lanes, by its number from 0. Pure. */
  inLane(experiment: CommonExperiment & E, lane: number): CommonExperiment & E;
  /** Brings up the stack of a plan. On failure and on abort nothing of it is left running. */
  start(plan: P, experiment: CommonExperiment & E, options: StartOptions): Promise<Started>;
  /**
   * Builds everything that its cells boot from, for `npm run build`, without its machines. Cached builds stay.
   * @returns what is in the cache then.
   */
  build(settings: Settings, options: BuildOptions): Promise<BuiltArtefact[]>;
  /** The output of `npm run plan` for a cell, without an experiment. */
  describe(cell: Cell, kind: BenchmarkKind, settings: Settings): Promise<string>;
  /** The output of `npm run plan` for a run of several cells: which run side by side, and where. */
  describeRun(
    cells: readonly Cell[],
    kind: BenchmarkKind,
    settings: Settings,
    asked: AskedSideBySide | undefined,
  ): Promise<string>;
  /**
   * The checks of `npm run doctor`. Changes nothing.
   * @param name the value of TESTBED.
   */
  doctor(name: string, signal: AbortSignal): Promise<Finding[]>;
}

export interface PrepareOptions {
  /** Of the cells that run side by side; absent or empty if they run one at a time. */
  readonly lanes?: readonly Lane[];
  /** Holds the testbed until it is disposed. */
  readonly held: AsyncDisposableStack;
  /**
   * Called when the testbed becomes this run's, and when it no longer is: a run must not end another run's machines.
   */
  readonly onTestbed: (isOurs: boolean) => void;
  /** Called if another run may use the testbed from now on, although this one has not ended. */
  readonly onLost: (error: NestbenchError) => void;
  /** How long each phase takes. */
  readonly phases: Phases;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export type BuildOptions = Pick<PrepareOptions, 'held' | 'phases' | 'signal' | 'log'>;

export interface BuiltArtefact {
  /** For people, such as `kernel of l0`. */
  readonly what: string;
  /** The release or version. */
  readonly version: string;
  readonly hash: string;
}

export interface Prepared<E extends TestbedExperiment> {
  readonly experiment: E;
  /** For the experiment's record. */
  readonly environment: Omit<Environment, 'phases'>;
}

export interface StartOptions {
  readonly boot: BootKind;
  /** What will be measured on the stack, if known. */
  readonly benchmarks: readonly Benchmark[];
  /** Where consoles and QEMU's own output are kept. */
  readonly logs: string;
  readonly signal: AbortSignal;
  /** Called with each step, for progress. */
  readonly onStep: (text: string, secondsLeft?: number) => void;
  /** Called with sentences for the user. */
  readonly say: (sentence: string) => void;
}

/** A running stack, and how it was started. */
export interface Started {
  readonly running: RunningStack;
  readonly start: StartRecord;
  readonly phases: readonly Phase[];
  /** From nothing to ready. */
  readonly seconds: number;
  /**
   * Saves the stack for later runs, and ends it whatever happens. Called once everything is measured. Absent if it is not to be saved.
   * A fault is told to the user, and is not this run's.
   * @returns how long it took.
   * @throws NESTBENCH_ABORTED if the run is stopped meanwhile.
   */
  readonly saveForLater?: () => Promise<readonly Phase[]>;
}

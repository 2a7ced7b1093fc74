/** Builds and measures a commit in a cell, unless its step is known already; and says how long the rest takes. */
import type { Costs, KernelStep } from '../../fixtures/kernel-steps.ts';
import { formatCost } from '../../reporters/model/numbers.ts';
import { sum } from '../../reporters/model/sum.ts';
import type { TreeKernel } from '../../setup/build/kernel/kernel-tree.ts';
import { count } from '../../setup/lib/count.ts';
import { inWords } from '../../setup/lib/duration.ts';
import type { Repository } from './commits.ts';
import type { StepsFile, WithSteps } from './steps-file.ts';

/** What a commit can be the reason of. Everything else is thrown. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly reason: string;
      /** A file with the whole output. */
      readonly log?: string;
    };

/** What a step does. */
export interface StepWork {
  /** The kernel stays until the next is built. */
  build(commit: string): Promise<Outcome<TreeKernel>>;
  measure(
    kernel: TreeKernel,
    commit: string,
    cell: string,
  ): Promise<Outcome<{ readonly unit: string; readonly costs: Costs }>>;
}

export interface Work {
  readonly state: StepsFile<WithSteps>;
  readonly work: StepWork;
  readonly repository: Repository;
  /** The place of a commit, as its step has it. */
  readonly positionOf: (commit: string) => number | Promise<number>;
  readonly log: (line: string) => void;
}

export class CommitMeasurer {
  readonly #options: Work;
  /** Of the last commit. */
  #built: { readonly commit: string; readonly kernel: TreeKernel; readonly seconds: number } | undefined;
  /** How long the builds and the measurements of this process took. */
  readonly #took: { readonly build: number[]; readonly measurement: number[] } = {
    build: [],
    measurement: [],
  };

  constructor(options: Work) {
    this.#options = options;
  }

  /**
   * The step of the commit in the cell: measured now, or as it was measured before.
   * @param left about how many steps are left, with this one.
   * @param builds in how many of them a kernel is built.
   */
  async measure(commit: string, cell: string, left: number, builds = left): Promise<KernelStep> {
    const { state, log, repository, positionOf } = this.#options;
    const known = state.content.steps.find(
      (step) => step.commit === commit && (step.cell === cell || isUnbuilt(step)),
    );
    if (known !== undefined) return known;
    const { subject } = await repository.facts(commit);
    const position = await positionOf(commit);
    log(`${commit.slice(0, 12)} in ${cell}${this.#timeLeft(left, builds)}: ${subject}`);
    const step = await this.#measure({ commit, cell, subject, position });
    state.add(step);
    log(`  ${inOneLine(step)}`);
    return step;
  }

  #timeLeft(left: number, builds: number): string {
    const { build, measurement } = this.#took;
    if (measurement.length === 0) return `, ${count(left, 'step')} left`;
    // The first build compiles everything, and others may compile only what changed.
    const seconds = builds * mean(build.length > 1 ? build.slice(1) : build) + left * mean(measurement);
    return `, ${count(left, 'step')} left, about ${inWords(seconds)}`;
  }

  async #measure(place: Pick<KernelStep, 'commit' | 'cell' | 'subject' | 'position'>): Promise<KernelStep> {
    const { work } = this.#options;
    const { commit, cell } = place;
    const began = performance.now();
    if (this.#built?.commit !== commit) {
      this.#built = undefined;
      const built = await work.build(commit);
      const seconds = secondsSince(began);
      this.#took.build.push(seconds);
      const at = new Date().toISOString();
      if (!built.ok) return { state: 'skipped', at, ...place, during: 'build', ...whyNot(built), seconds };
      this.#built = { commit, kernel: built.value, seconds };
    }
    const { kernel, seconds: build } = this.#built;
    // Counts once, with the first cell.
    this.#built = { commit, kernel, seconds: 0 };
    const started = performance.now();
    const measured = await work.measure(kernel, commit, cell);
    const seconds = secondsSince(started);
    this.#took.measurement.push(seconds);
    const at = new Date().toISOString();
    if (!measured.ok)
      return { state: 'skipped', at, ...place, during: 'measurement', ...whyNot(measured), seconds };
    const { release, leftOut } = kernel;
    const facts = { release, leftOut: [...leftOut], ...measured.value };
    return { state: 'measured', at, ...place, ...facts, seconds: { build, measure: seconds } };
  }
}

function whyNot({ reason, log }: { readonly reason: string; readonly log?: string }) {
  return { reason, ...(log !== undefined && { log }) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10;
}

function isUnbuilt(step: KernelStep): boolean {
  return step.state === 'skipped' && step.during === 'build';
}

/** `hypercall 14,155, cpuid 13,991 instructions`, or why it was skipped. */
export function inOneLine(step: KernelStep): string {
  if (step.state === 'skipped') {
    const what = step.during === 'build' ? 'does not build' : 'cannot be measured';
    return `skipped, as it ${what}: ${step.reason.split('\n', 1)[0]}`;
  }
  const costs = Object.entries(step.costs).map(([benchmark, cost]) => `${benchmark} ${formatCost(cost)}`);
  return `${costs.join(', ')} ${step.unit}`;
}

/** Reports the progress of a series' runs, and the time left. */
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import type { RunPlan } from '../../fixtures/benchmarks/plan-run.ts';
import { standing, type StopRule } from '../../fixtures/statistics/stop-rule.ts';

export interface SeriesProgress {
  readonly text: string;
  readonly fraction: number;
  readonly secondsLeft: number;
}

/** Estimates the time left from the iterations so far, at first from the expectation. */
export class SeriesClock {
  readonly #benchmark: Benchmark;
  readonly #plan: RunPlan;
  readonly #runs: number;
  readonly #began = performance.now();
  #done = 0;

  constructor(benchmark: Benchmark, plan: RunPlan, runs: number) {
    this.#benchmark = benchmark;
    this.#plan = plan;
    this.#runs = runs;
  }

  /**
   * Called before every iteration.
   * @param at the run, counted from 1 in this series, and the iteration.
   * @param values of this run so far, after `tried` iterations.
   */
  progressAt(
    { run, iteration }: { readonly run: number; readonly iteration: number },
    values: readonly number[],
    tried: number,
  ): SeriesProgress {
    const { sizes, rule } = this.#plan;
    const now = standing(rule, values, tried);
    const expected = now.state === 'open' ? now.expected : 0;
    // Assumes that the remaining runs take as many iterations as this one.
    const left = expected + (this.#runs - run) * (tried + expected);
    const each =
      this.#done === 0
        ? this.#benchmark.expectedSeconds(sizes)
        : (performance.now() - this.#began) / 1000 / this.#done;
    const ofRuns = this.#runs > 1 ? `, run ${run} of ${this.#runs}` : '';
    const fraction = this.#done / (this.#done + left);
    this.#done++;
    return {
      text: `${this.#benchmark.name}: iteration ${iteration} of ${howMany(rule, now.halfWidth)}${ofRuns}`,
      fraction,
      secondsLeft: each * left,
    };
  }
}

/** `40`; `5 to 40, interval ± 3.1 %, target 2 %`. */
function howMany(rule: StopRule, halfWidth: number | null): string {
  if (rule.kind === 'fixed') return String(rule.most);
  const target = `${Number((100 * rule.target).toFixed(2))} %`;
  const reached = halfWidth === null ? 'interval' : `interval ± ${(100 * halfWidth).toFixed(1)} %,`;
  return `${rule.least} to ${rule.most}, ${reached} target ${halfWidth === null ? '± ' : ''}${target}`;
}

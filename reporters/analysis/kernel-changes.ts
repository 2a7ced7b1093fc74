/** What a change of the kernel cost: the costs of two measured commits side by side. */
import type { BisectFile, Costs, FoundStep, KernelStep, MeasuredStep } from '../../fixtures/kernel-steps.ts';
import { SUITES } from '../../fixtures/variant.ts';
import { quote } from '../../setup/lib/quote.ts';

export interface CostChange {
  readonly cell: string;
  readonly benchmark: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  /** As a share of what it was before. */
  readonly change: number;
}

/** The step of a commit in a cell; undefined if it was not measured there. */
export function measuredIn(
  steps: readonly KernelStep[],
  commit: string,
  cell: string,
): MeasuredStep | undefined {
  return steps.find(
    (step): step is MeasuredStep => step.state === 'measured' && step.commit === commit && step.cell === cell,
  );
}

/** The change of each benchmark that both have. */
export function costChanges(
  before: Costs,
  after: Costs,
): Pick<CostChange, 'benchmark' | 'before' | 'after' | 'change'>[] {
  return Object.entries(after).flatMap(([benchmark, cost]) => {
    const was = before[benchmark];
    return was === undefined ? [] : [{ benchmark, before: was, after: cost, change: cost / was - 1 }];
  });
}

/** In all cells in which both commits were measured, by name. */
export function changesBetween(steps: readonly KernelStep[], before: string, after: string): CostChange[] {
  const cells = [...new Set(steps.map(({ cell }) => cell))].toSorted();
  return cells.flatMap((cell) => {
    const [was, is] = [measuredIn(steps, before, cell), measuredIn(steps, after, cell)];
    if (was === undefined || is === undefined) return [];
    return costChanges(was.costs, is.costs).map(({ benchmark, before: cost, after: now, change }) => ({
      cell,
      benchmark,
      unit: is.unit,
      before: cost,
      after: now,
      change,
    }));
  });
}

/** The largest change of any benchmark, as a share, whatever its direction. */
export function largestChange(before: Costs, after: Costs): number {
  return Math.max(0, ...costChanges(before, after).map(({ change }) => Math.abs(change)));
}

/** How much of each benchmark's whole change in the cell the found commits explain. */
export function explained({ plan, steps, found = [] }: BisectFile): {
  readonly benchmark: string;
  readonly before: number;
  readonly whole: number;
  readonly part: number;
}[] {
  const inCell = (before: string, after: string): CostChange[] =>
    changesBetween(steps, before, after).filter(({ cell }) => cell === plan.cell);
  const parts = found.flatMap((one) => inCell(one.before, one.after));
  return inCell(plan.good.commit, plan.bad.commit).map(({ benchmark, before, after }) => {
    const part = parts
      .filter((one) => one.benchmark === benchmark)
      .reduce((sum, one) => sum + one.after - one.before, 0);
    return { benchmark, before, whole: after - before, part };
  });
}

/** Whether a found commit costs the same as its parent, so that it only brings changes from elsewhere. */
export function isMergesOwn({ before, after, isSmall }: FoundStep, { plan, steps }: BisectFile): boolean {
  const changes = changesBetween(steps, before, after).filter(({ cell }) => cell === plan.cell);
  return !isSmall && changes.every(({ change }) => Math.abs(change) <= plan.threshold);
}

/** The command that measures both sides of a found change again. */
export function repeatCommand({ before, after }: FoundStep, { plan }: BisectFile): string {
  const { repository, cell, benchmarks, any, threshold, suite } = plan;
  const words = ['--repository', repository, '--good', before.slice(0, 12), '--bad', after.slice(0, 12)];
  const watched = [...benchmarks.flatMap((name) => ['--benchmark', name]), ...(any ? ['--any'] : [])];
  const rest = ['--cell', cell, ...watched, '--threshold', `${Number((100 * threshold).toFixed(6))}%`];
  const compiler = suite === SUITES[0] ? [] : ['--suite', suite];
  return quote(['npm', 'run', 'bisect', '--', ...words, ...rest, ...compiler]);
}

/** `+2.8 %` */
export function inPercent(change: number): string {
  const text = (100 * change).toFixed(Math.abs(change) < 0.01 ? 2 : 1);
  return `${Number(text) > 0 ? '+' : ''}${text} %`;
}

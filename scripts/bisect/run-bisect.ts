/** A bisection from its ends to what it found. */
import type { BisectFile, BisectPlan, Costs, FoundStep, NamedCommit } from '../../fixtures/kernel-steps.ts';
import { configurationOf, findCell, LEVELS } from '../../fixtures/matrix.ts';
import { costChanges, inPercent, largestChange } from '../../reporters/analysis/kernel-changes.ts';
import { formatCost, formatPercent } from '../../reporters/model/numbers.ts';
import { InputError, UnsuitableError } from '../../setup/lib/errors.ts';
import type { Repository } from './commits.ts';
import { type Change, findSteps } from './find-steps.ts';
import { CommitMeasurer, type StepWork } from './measure-commit.ts';
import type { StepsFile } from './steps-file.ts';

export interface BisectOptions {
  readonly state: StepsFile<BisectFile>;
  readonly repository: Repository;
  readonly work: StepWork;
  readonly log: (line: string) => void;
}

/** Both commits of a change are measured at every level in the end. */
const LAST_STEPS = 4;

/**
 * Finds the commits that changed the costs; what its file already has is not measured again.
 * @throws {UnsuitableError} if an end can't be measured, or the ends don't differ.
 */
export async function bisect(options: BisectOptions): Promise<BisectFile> {
  const { state, repository } = options;
  if (state.content.found !== undefined) return state.content;
  const { plan } = state.content;
  const { good, bad, cell, threshold } = plan;
  // The search ended if an end was skipped. Perhaps only the host was too busy.
  state.forgetSkipped(({ commit }) => commit === good.commit || commit === bad.commit);
  const measurer = new CommitMeasurer({
    ...options,
    positionOf: (commit) => repository.distance(good.commit, commit),
  });
  const commits = await repository.distance(good.commit, bad.commit);
  const inAll = 2 + Math.ceil(Math.log2(commits)) + LAST_STEPS;
  const costsOfEnd = async (end: NamedCommit, left: number): Promise<Costs> => {
    const step = await measurer.measure(end.commit, cell, left);
    if (step.state === 'measured') return step.costs;
    const what = step.during === 'build' ? 'does not build' : `can't be measured in ${cell}`;
    const message = `${end.name} ${what}, so there is nothing to compare with. Name another commit as this end. ${step.reason}`;
    throw new UnsuitableError({ message });
  };
  const before = { commit: good.commit, costs: await costsOfEnd(good, inAll) };
  const after = { commit: bad.commit, costs: await costsOfEnd(bad, inAll - 1) };
  assertDifferent(plan, before.costs, after.costs);
  const changes = await findSteps(before, after, {
    commits: repository,
    costsOf: async (commit, left) => {
      const step = await measurer.measure(commit, cell, left + LAST_STEPS);
      return step.state === 'measured' ? step.costs : undefined;
    },
    difference: (one, other) => largestChange(one, other) / threshold,
  });
  const found: FoundStep[] = [];
  for (const [index, change] of changes.entries()) {
    found.push(await settle(change, { ...options, measurer }, changes.length - index));
  }
  state.update({ found });
  return state.content;
}

/** Measures both sides of a change at every level. */
async function settle(
  { commits, before, after, isSmall }: Change,
  { state, repository, measurer }: BisectOptions & { readonly measurer: CommitMeasurer },
  changesLeft: number,
): Promise<FoundStep> {
  const { cell } = state.content.plan;
  const facts = await Promise.all(commits.map((commit) => repository.facts(commit)));
  const parents = facts[0]?.parents ?? [];
  const left = changesLeft * LAST_STEPS;
  // Of a branch that was merged, `before` may be a commit elsewhere. Its parent shows what this one changed.
  const isAlone = commits.length === 1 && !parents.includes(before);
  const [parent] = isAlone ? parents : [];
  const isParentMeasured =
    parent !== undefined && (await measurer.measure(parent, cell, left)).state === 'measured';
  const base = isParentMeasured ? parent : before;
  for (const commit of [base, after])
    for (const other of levelsOf(cell)) await measurer.measure(commit, other, left);
  return { commits: facts, before: base, after, isSmall };
}

/** The cell's configuration at every level that has microbenchmarks, the cell first. */
export function levelsOf(cell: string): string[] {
  const found = findCell(cell);
  if (found === undefined) return [cell];
  const { software, name } = configurationOf(found);
  const all = LEVELS.filter((level) => level > 0 && level in software).map((level) => `l${level}-${name}`);
  return [cell, ...all.filter((one) => one !== cell)];
}

function assertDifferent(
  { good, bad, cell, benchmarks, any, threshold }: BisectPlan,
  before: Costs,
  after: Costs,
): void {
  const changes = costChanges(before, after);
  const differing = changes.filter(({ change }) => Math.abs(change) > threshold);
  if (differing.length === benchmarks.length || (any && differing.length > 0)) return;
  const shown = changes.map(
    (change) =>
      `${change.benchmark} ${formatCost(change.before)} and ${formatCost(change.after)} (${inPercent(change.change)})`,
  );
  const which = any || benchmarks.length === 1 ? '' : ' in each benchmark (with --any one of them is enough)';
  const message = `${good.name} and ${bad.name} do not differ by more than ${formatPercent(threshold)}${which} in ${cell}: ${shown.join(', ')}. Name ends that differ, or a smaller --threshold.`;
  throw new UnsuitableError({ message });
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if the good commit is not before the bad one.
 */
export async function assertOrder(
  repository: Repository,
  { good, bad }: Pick<BisectPlan, 'good' | 'bad'>,
): Promise<void> {
  if (good.commit === bad.commit) throw refuse(`${good.name} and ${bad.name} are the same commit.`);
  if (await repository.isAncestor(good.commit, bad.commit)) return;
  if (await repository.isAncestor(bad.commit, good.commit)) {
    throw refuse(
      `${bad.name} is older than ${good.name}. Exchange --good and --bad: a change is found in either direction.`,
    );
  }
  const base = await repository.mergeBase(good.commit, bad.commit);
  throw refuse(
    `${good.name} is not part of the history of ${bad.name}. Name a commit that both have, such as --good ${base.slice(0, 12)}.`,
  );
}

function refuse(why: string): InputError {
  return new InputError('NESTBENCH_UNKNOWN_SETTING', why);
}

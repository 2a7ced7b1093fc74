/** Measures several kernels of a repository one after another, each at every level. */
import type { NamedCommit, SeriesFile } from '../../fixtures/kernel-steps.ts';
import { InputError, UnsuitableError } from '../../setup/lib/errors.ts';
import type { Repository } from './commits.ts';
import { CommitMeasurer, type StepWork } from './measure-commit.ts';
import type { SeriesWords } from './series-options.ts';
import type { StepsFile } from './steps-file.ts';

export interface SeriesRun {
  readonly state: StepsFile<SeriesFile>;
  readonly repository: Repository;
  readonly work: StepWork;
  readonly log: (line: string) => void;
}

/**
 * What its file already has is not measured again; what was skipped is tried once more.
 * @throws {UnsuitableError} if no kernel could be measured.
 */
export async function measureRevisions(options: SeriesRun): Promise<void> {
  const { state } = options;
  const { revisions, cells } = state.content.plan;
  state.forgetSkipped();
  const measurer = new CommitMeasurer({
    ...options,
    positionOf: (commit) => revisions.findIndex((revision) => revision.commit === commit),
  });
  for (const [index, { commit }] of revisions.entries()) {
    for (const [done, cell] of cells.entries()) {
      const left = revisions.length - index;
      const builds = done === 0 ? left : left - 1;
      const step = await measurer.measure(commit, cell, left * cells.length - done, builds);
      // What does not run at a level does not run above it.
      if (step.state === 'skipped') break;
    }
  }
  if (state.content.steps.some((step) => step.state === 'measured')) return;
  const [first] = state.content.steps;
  const reason = first?.state === 'skipped' ? ` The first one: ${first.reason}` : '';
  throw new UnsuitableError({ message: `None of the kernels could be built and measured.${reason}` });
}

/**
 * The named revisions, or the tags of a range, each commit once.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if they are fewer than two.
 */
export async function findRevisions(
  { range, revisions }: Pick<SeriesWords, 'range' | 'revisions'>,
  repository: Repository,
): Promise<NamedCommit[]> {
  const names =
    range === undefined
      ? revisions
      : await repository.tagsBetween(
          await repository.resolve(range.from),
          await repository.resolve(range.to),
        );
  const found: NamedCommit[] = [];
  for (const name of names) {
    const revision = await repository.resolve(name);
    if (!found.some(({ commit }) => commit === revision.commit)) found.push(revision);
  }
  if (found.length >= 2) return found;
  const what = range === undefined ? names.join(' ') : `${range.from}..${range.to}`;
  const has = found.length === 0 ? 'no tag' : `only one commit (${found.map(({ name }) => name).join()})`;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `${what} has ${has}, and a series needs two. Name the revisions one by one.`,
  );
}

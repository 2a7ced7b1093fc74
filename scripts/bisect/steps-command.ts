/** `npm run bisect` and `npm run series`: start one or continue it, keep each step, and write its page whatever happens. */
import path from 'node:path';
import type { z } from 'zod';
import type { BisectFile, SeriesFile } from '../../fixtures/kernel-steps.ts';
import { writeWhole } from '../../setup/lib/write-whole.ts';
import { placesOfExperiments } from '../cli/read-experiment.ts';
import { stoppable } from '../cli/stoppable.ts';
import { Repository } from './commits.ts';
import { KernelWork } from './kernel-work.ts';
import type { Work } from './measure-commit.ts';
import { newFolder, StepsFile, toContinue } from './steps-file.ts';

export interface StepsCommand<C extends BisectFile | SeriesFile, W> {
  /** Also the name of its file and its page. */
  readonly kind: C['kind'];
  readonly schema: z.ZodType<C>;
  readonly begin: (words: W, signal: AbortSignal) => Promise<C>;
  readonly measure: (
    options: Pick<Work, 'work' | 'repository' | 'log'> & { state: StepsFile<C> },
  ) => Promise<unknown>;
  readonly text: (content: C) => string;
  readonly page: (content: C) => string;
}

export type StepsOptions<W> =
  | ({ readonly command: 'start'; readonly name: string } & W)
  | { readonly command: 'continue'; readonly name: string | undefined };

export function runSteps<C extends BisectFile | SeriesFile, W>(
  options: StepsOptions<W>,
  command: StepsCommand<C, W>,
): Promise<void> {
  return stoppable((signal) => run(options, command, signal), {
    stopping: 'ending the build or the machines',
    kept: `What was measured is kept; npm run ${command.kind} -- --continue goes on.`,
  });
}

async function run<C extends BisectFile | SeriesFile, W>(
  options: StepsOptions<W>,
  { kind, schema, begin, measure, text, page }: StepsCommand<C, W>,
  signal: AbortSignal,
): Promise<void> {
  const { results } = placesOfExperiments();
  const file = `${kind}.json`;
  const { directory, content } =
    options.command === 'start'
      ? { directory: newFolder(results, options.name), content: await begin(options, signal) }
      : toContinue(results, options.name, { file, schema });
  const { repository, suite, benchmarks } = content.plan;
  const state = new StepsFile(path.join(directory, file), content);
  try {
    await using work = await KernelWork.open({ repository, suite, benchmarks, directory, signal });
    await measure({ state, repository: new Repository(repository, signal), work, log });
    log(`\n${text(state.content)}`);
  } finally {
    const at = path.join(directory, `${kind}.html`);
    writeWhole(at, page(state.content), { flush: false });
    if (state.content.steps.length > 0)
      log(`\nWhat was measured: ${path.relative('', at)}, and ${file} beside it.`);
  }
}

function log(line: string): void {
  console.log(line);
}

/** `npm run series`: what every operation of a guest costs with each of several kernels of a Linux repository. */
import path from 'node:path';
import { type SeriesFile, seriesFile } from '../fixtures/kernel-steps.ts';
import { seriesPage } from '../reporters/report/series-page.ts';
import { seriesText } from '../reporters/terminal/series-text.ts';
import { writeWhole } from '../setup/lib/write-whole.ts';
import { Repository } from './bisect/commits.ts';
import { KernelWork } from './bisect/kernel-work.ts';
import { findRepository } from './bisect/repository-option.ts';
import { findRevisions, measureRevisions } from './bisect/run-series.ts';
import { HELP, parseSeriesOptions, type SeriesOptions, type SeriesWords } from './bisect/series-options.ts';
import { newFolder, StepsFile, toContinue } from './bisect/steps-file.ts';
import { placesOfExperiments } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';
import { stoppable } from './cli/stoppable.ts';

const STATE = 'series.json';
const PAGE = 'series.html';

await runScript(HELP, async () => {
  const options = parseSeriesOptions(process.argv.slice(2), new Date());
  await stoppable((signal) => run(options, signal), {
    stopping: 'ending the build or the machines',
    kept: 'What was measured is kept; npm run series -- --continue goes on.',
  });
});

async function run(options: SeriesOptions, signal: AbortSignal): Promise<void> {
  const { results } = placesOfExperiments();
  const { directory, content } =
    options.command === 'start'
      ? { directory: newFolder(results, options.name), content: await begin(options, signal) }
      : toContinue(results, options.name, { file: STATE, schema: seriesFile });
  const { repository, suite, benchmarks } = content.plan;
  const state = new StepsFile(path.join(directory, STATE), content);
  try {
    await using work = await KernelWork.open({ repository, suite, benchmarks, directory, signal });
    await measureRevisions({ state, repository: new Repository(repository, signal), work, log });
    log(`\n${seriesText(state.content)}`);
  } finally {
    const page = path.join(directory, PAGE);
    writeWhole(page, seriesPage(state.content), { flush: false });
    if (state.content.steps.length > 0)
      log(`\nWhat was measured: ${path.relative('', page)}, and ${STATE} beside it.`);
  }
}

async function begin(words: SeriesWords, signal: AbortSignal): Promise<SeriesFile> {
  const { benchmarks, cells, suite } = words;
  const directory = findRepository(words.repository);
  const revisions = await findRevisions(words, new Repository(directory, signal));
  return {
    kind: 'series',
    plan: { repository: directory, suite, revisions, cells: [...cells], benchmarks: [...benchmarks] },
    startedAt: new Date().toISOString(),
    steps: [],
  };
}

function log(line: string): void {
  console.log(line);
}

/** `npm run series`: what every operation of a guest costs with each of several kernels of a Linux repository. */
import { type SeriesFile, seriesFile } from '../fixtures/kernel-steps.ts';
import { seriesPage } from '../reporters/report/series-page.ts';
import { seriesText } from '../reporters/terminal/series-text.ts';
import { Repository } from './bisect/commits.ts';
import { findRepository } from './bisect/repository-option.ts';
import { findRevisions, measureRevisions } from './bisect/run-series.ts';
import { HELP, parseSeriesOptions, type SeriesWords } from './bisect/series-options.ts';
import { runSteps } from './bisect/steps-command.ts';
import { runScript } from './cli/run-script.ts';

await runScript(HELP, async () => {
  await runSteps(parseSeriesOptions(process.argv.slice(2), new Date()), {
    kind: 'series',
    schema: seriesFile,
    begin,
    measure: measureRevisions,
    text: seriesText,
    page: seriesPage,
  });
});

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

/** `npm run bisect`: finds the commits of a Linux repository that changed what an operation of a nested guest costs. */
import { type BisectFile, bisectFile } from '../fixtures/kernel-steps.ts';
import { bisectPage } from '../reporters/report/bisect-page.ts';
import { bisectText } from '../reporters/terminal/bisect-text.ts';
import { HELP, parseBisectOptions, type BisectWords } from './bisect/bisect-options.ts';
import { Repository } from './bisect/commits.ts';
import { findRepository } from './bisect/repository-option.ts';
import { assertOrder, bisect } from './bisect/run-bisect.ts';
import { runSteps } from './bisect/steps-command.ts';
import { runScript } from './cli/run-script.ts';

await runScript(HELP, async () => {
  await runSteps(parseBisectOptions(process.argv.slice(2), new Date()), {
    kind: 'bisect',
    schema: bisectFile,
    begin,
    measure: bisect,
    text: bisectText,
    page: bisectPage,
  });
});

async function begin(words: BisectWords, signal: AbortSignal): Promise<BisectFile> {
  const { cell, benchmarks, any, threshold, suite } = words;
  const directory = findRepository(words.repository);
  const repository = new Repository(directory, signal);
  const ends = { good: await repository.resolve(words.good), bad: await repository.resolve(words.bad) };
  await assertOrder(repository, ends);
  return {
    kind: 'bisect',
    plan: { repository: directory, suite, ...ends, cell, benchmarks: [...benchmarks], any, threshold },
    startedAt: new Date().toISOString(),
    steps: [],
  };
}

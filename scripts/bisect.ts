/** `npm run bisect`: finds the commits of a Linux repository that changed what an operation of a nested guest costs. */
import path from 'node:path';
import { type BisectFile, bisectFile } from '../fixtures/kernel-steps.ts';
import { bisectPage } from '../reporters/report/bisect-page.ts';
import { bisectText } from '../reporters/terminal/bisect-text.ts';
import { writeWhole } from '../setup/lib/write-whole.ts';
import { type BisectOptions, HELP, parseBisectOptions, type BisectWords } from './bisect/bisect-options.ts';
import { Repository } from './bisect/commits.ts';
import { KernelWork } from './bisect/kernel-work.ts';
import { findRepository } from './bisect/repository-option.ts';
import { assertOrder, bisect } from './bisect/run-bisect.ts';
import { newFolder, StepsFile, toContinue } from './bisect/steps-file.ts';
import { placesOfExperiments } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';
import { stoppable } from './cli/stoppable.ts';

const STATE = 'bisect.json';
const PAGE = 'bisect.html';

await runScript(HELP, async () => {
  const options = parseBisectOptions(process.argv.slice(2), new Date());
  await stoppable((signal) => run(options, signal), {
    stopping: 'ending the build or the machines',
    kept: 'What was measured is kept; npm run bisect -- --continue goes on.',
  });
});

async function run(options: BisectOptions, signal: AbortSignal): Promise<void> {
  const { results } = placesOfExperiments();
  const { directory, content } =
    options.command === 'start'
      ? { directory: newFolder(results, options.name), content: await begin(options, signal) }
      : toContinue(results, options.name, { file: STATE, schema: bisectFile });
  const { repository, suite, benchmarks } = content.plan;
  const state = new StepsFile(path.join(directory, STATE), content);
  try {
    await using work = await KernelWork.open({ repository, suite, benchmarks, directory, signal });
    await bisect({ state, repository: new Repository(repository, signal), work, log });
    log(`\n${bisectText(state.content)}`);
  } finally {
    const page = path.join(directory, PAGE);
    writeWhole(page, bisectPage(state.content), { flush: false });
    if (state.content.steps.length > 0)
      log(`\nWhat was measured: ${path.relative('', page)}, and ${STATE} beside it.`);
  }
}

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

function log(line: string): void {
  console.log(line);
}

/** `npm run bisect`: finds the commits of a Linux repository that changed what an operation of a nested guest costs. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { BisectFile } from '../fixtures/kernel-steps.ts';
import { bisectPage } from '../reporters/report/bisect-page.ts';
import { bisectText } from '../reporters/terminal/bisect-text.ts';
import { InputError } from '../setup/lib/errors.ts';
import { writeWhole } from '../setup/lib/write-whole.ts';
import { type BisectOptions, HELP, parseBisectOptions, type BisectWords } from './bisect/bisect-options.ts';
import { BisectState, readBisection } from './bisect/bisect-state.ts';
import { Repository } from './bisect/commits.ts';
import { KernelWork } from './bisect/kernel-work.ts';
import { findRepository } from './bisect/repository-option.ts';
import { assertOrder, bisect } from './bisect/run-bisect.ts';
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
      : continued(results, options.name);
  const { repository, suite, benchmarks } = content.plan;
  const state = new BisectState(path.join(directory, STATE), content);
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

/**
 * @throws {InputError} NESTBENCH_EXPERIMENT_DIFFERS if there is something of that name.
 */
function newFolder(results: string, name: string): string {
  const directory = path.join(results, name);
  if (!existsSync(directory)) return directory;
  throw new InputError(
    'NESTBENCH_EXPERIMENT_DIFFERS',
    `${directory} already exists. Select another --name, or continue it: npm run bisect -- --continue --name ${name}`,
  );
}

/** The bisection of that name; without one the last that was started. */
function continued(results: string, name: string | undefined): { directory: string; content: BisectFile } {
  const names = name === undefined ? existing(results) : [name];
  const [last] = names
    .map((each) => path.join(results, each))
    .map((directory) => ({ directory, content: readBisection(path.join(directory, STATE)) }))
    .toSorted((one, other) => other.content.startedAt.localeCompare(one.content.startedAt));
  if (last !== undefined) return last;
  throw new InputError('NESTBENCH_UNKNOWN_EXPERIMENT', `There is no bisection under ${results} to continue.`);
}

function existing(results: string): string[] {
  if (!existsSync(results)) return [];
  return readdirSync(results).filter((each) => existsSync(path.join(results, each, STATE)));
}

function log(line: string): void {
  console.log(line);
}

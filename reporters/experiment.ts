/**
 * Prints the number of each benchmark as soon as it ends. Closes a run: writes the derived files, prints the table, and
 * fails a run that measured nothing.
 */
import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { ProvidedContext } from 'vitest';
import type { Reporter, TestCase, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import { findCell } from '../fixtures/matrix.ts';
import { sentenceOf } from '../setup/lib/errors.ts';
import { JOURNAL_FILE } from '../setup/journal/journal.ts';
import { describeDamaged } from '../setup/journal/journal-reader.ts';
import { sayOf } from '../setup/run/say.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { writeFiles } from './exporters.ts';
import { markdownOf } from './files/summary-markdown.ts';
import { type Loaded, loadResults } from './model/load.ts';
import { mergeShards } from './model/merge.ts';
import { measuredLine } from './terminal/measured-line.ts';
import { painter } from './terminal/paint.ts';
import { summaryOf } from './analysis/summary.ts';
import { summaryText } from './terminal/summary-text.ts';
import { terminalOptions } from './terminal/terminal.ts';

/**
 * The directory with this run's journal, or undefined. A merge runs no tests and builds the journal from its shards'.
 */
function directoryOf(vitest: Vitest): string | undefined {
  if (vitest.config.mergeReports === undefined) {
    // A run without cells provides none, which the type does not express.
    const provided: Partial<ProvidedContext> = vitest.getRootProject().getProvidedContext();
    return provided.experiment?.directory;
  }
  try {
    const { experiment, resultsDirectory } = resolveSettings(process.env, new Date());
    const { directory, warnings, whole } = mergeShards(experiment, resultsDirectory);
    for (const warning of warnings) vitest.logger.error(`Warning: ${warning}`);
    if (!whole) process.exitCode = 1;
    return directory;
  } catch (error) {
    const sentence = sentenceOf(error);
    if (sentence === undefined) throw error;
    vitest.logger.error(sentence);
    process.exitCode = 1;
    return undefined;
  }
}

/** Undefined if the journal was removed or damaged meanwhile; `onProblem` gets the sentence about it. */
function loadIfSound(directory: string, onProblem: (sentence: string) => void): Loaded | undefined {
  try {
    return loadResults(directory);
  } catch (error) {
    const isGone = !existsSync(path.join(directory, JOURNAL_FILE));
    const sentence = isGone ? `The journal of this run is gone from ${directory}.` : sentenceOf(error);
    if (sentence === undefined) throw error;
    onProblem(sentence);
    return undefined;
  }
}

/** Whether a test has lines with the numbers of its benchmarks: one that measured all that it wanted. */
export function hasLine(test: TestCase): boolean {
  return test.result().state === 'passed' && test.meta().measured !== undefined;
}

export default class ExperimentReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestCaseResult(test: TestCase): void {
    const vitest = this.#vitest;
    // A merge prints its table at once.
    if (vitest === undefined || vitest.config.mergeReports !== undefined || !hasLine(test)) return;
    const directory = directoryOf(vitest);
    if (directory === undefined) return;
    // The end of the run says it.
    const loaded = loadIfSound(directory, () => {});
    if (loaded === undefined) return;
    const { results } = loaded;
    const check = painter(terminalOptions().colours)('good', '✓');
    for (const benchmark of test.meta().measured ?? []) {
      const line = measuredLine(results, test.project.name, benchmark);
      if (line !== undefined) sayOf(vitest)(` ${check} ${line}`);
    }
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly unknown[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const vitest = this.#vitest;
    if (vitest === undefined) return;
    const cells = modules.filter(({ project }) => findCell(project.name) !== undefined);
    if (cells.length === 0) return;
    const directory = directoryOf(vitest);
    if (directory === undefined) return;

    const say = sayOf(vitest);
    const loaded = loadIfSound(directory, (sentence) => {
      vitest.logger.error(`There is no table, and no files are written. ${sentence}`);
      process.exitCode = 1;
    });
    if (loaded === undefined) return;
    const { results, damaged } = loaded;
    for (const text of describeDamaged(damaged)) vitest.logger.error(`Warning: ${text}`);
    const summary = summaryOf(results);
    say(`\n${summaryText(summary, terminalOptions())}`);
    const place = path.relative(process.cwd(), directory);
    try {
      writeFiles(results, directory);
      say(`Results: ${place} (report.html; intervals, exits and times as text: tables.txt)`);
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence === undefined) throw error;
      vitest.logger.error(
        `The files of the results could not be written. ${sentence} To write them: npm run results -- ${place}`,
      );
      process.exitCode = 1;
    }
    // GitHub shows this file on the job's page.
    const jobSummary = process.env['GITHUB_STEP_SUMMARY'];
    if (jobSummary !== undefined && jobSummary !== '') appendFileSync(jobSummary, markdownOf(summary));

    const ran = cells.some((module) =>
      [...module.children.allTests()].some((test) => ['passed', 'failed'].includes(test.result().state)),
    );
    const failed = cells.some((module) => module.state() === 'failed');
    // A shard may contain only skipped cells.
    const isPart = vitest.config.shard !== undefined;
    if (!ran && !failed && !isPart && errors.length === 0 && reason !== 'interrupted') {
      vitest.logger.error(
        'Nothing was measured: everything that was selected is skipped, for the reasons above.',
      );
      process.exitCode = 1;
    }
  }
}

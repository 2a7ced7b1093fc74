/** Closes a run: makes the derived files from the journal, prints the table, and fails a run in which nothing ran. */
import path from 'node:path';
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import { findCell } from '../fixtures/matrix.ts';
import { writeFiles } from './files/index.ts';
import { loadResults } from './load.ts';
import { terminalOptions } from './terminal.ts';
import { terminalTable } from './terminal-table.ts';

export default class ExperimentReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
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
    const experiment = vitest.getRootProject().getProvidedContext().experiment as
      | { directory: string }
      | undefined;
    if (experiment === undefined) return;

    const { results, damaged } = await loadResults(experiment.directory);
    for (const { line, reason: why } of damaged) {
      vitest.logger.error(`Warning: line ${line} of the journal is left out: ${why}`);
    }
    vitest.logger.log(`\n${terminalTable(results, terminalOptions())}\n`);
    writeFiles(results, experiment.directory);
    vitest.logger.log(`Results: ${path.relative(process.cwd(), experiment.directory)}`);

    const ran = cells.some((module) =>
      [...module.children.allTests()].some((test) => ['passed', 'failed'].includes(test.result().state)),
    );
    const failed = cells.some((module) => module.state() === 'failed');
    if (!ran && !failed && errors.length === 0 && reason !== 'interrupted') {
      vitest.logger.error(
        'Nothing was measured: everything that was chosen is skipped, for the reasons above.',
      );
      process.exitCode = 1;
    }
  }
}

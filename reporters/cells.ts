/**
 * Vitest's default reporter, which does not print the benchmarks again that have a line with their number, but prints
 * which tests of nestbench itself were skipped, and why. Why a cell was skipped is in its table.
 */
import { DefaultReporter, type TestCase, type TestModuleState } from 'vitest/node';
import { hasLine } from './experiment.ts';

export default class CellsReporter extends DefaultReporter {
  protected override printTestCase(moduleState: TestModuleState, test: TestCase): void {
    if (hasLine(test)) return;
    // Of a file that passed, the default reporter only counts the skipped tests.
    super.printTestCase(this.#isSkippedHere(test) ? 'failed' : moduleState, test);
  }

  /** By a condition of its own, and not by `-t`. */
  #isSkippedHere(test: TestCase): boolean {
    const result = test.result();
    if (result.state !== 'skipped' || 'cell' in test.project.getProvidedContext()) return false;
    return result.note !== undefined || this.ctx.config.testNamePattern === undefined;
  }
}

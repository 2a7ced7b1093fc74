/** Vitest's default reporter, which does not print the benchmarks again that have a line with their number. */
import { DefaultReporter, type TestCase, type TestModuleState } from 'vitest/node';
import { hasLine } from './experiment.ts';

export default class CellsReporter extends DefaultReporter {
  protected override printTestCase(moduleState: TestModuleState, test: TestCase): void {
    if (!hasLine(test)) super.printTestCase(moduleState, test);
  }
}

/** Vitest's own runner, which also aborts a boot when the run is cancelled. */
import { TestRunner } from 'vitest';
import { cancel } from '../setup/run/cancellation.ts';

export default class CellRunner extends TestRunner {
  override cancel(reason: Parameters<TestRunner['cancel']>[0]): void {
    super.cancel(reason);
    cancel(reason);
  }
}

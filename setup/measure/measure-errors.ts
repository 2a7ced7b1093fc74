/** The errors of measuring. All but a wrong clock fail one iteration of one benchmark, and the next one is tried. */
import { NestbenchError } from '../lib/errors.ts';

/** A command of a benchmark failed, or its series was given up. */
export class BenchmarkError extends NestbenchError {
  override readonly code = 'NESTBENCH_COMMAND_FAILED';
  override readonly kind = 'benchmark';
}

/** A benchmark exited with 0 and printed no value. */
export class OutputError extends NestbenchError {
  override readonly code = 'NESTBENCH_UNPARSABLE_OUTPUT';
  override readonly kind = 'benchmark';
}

/** The service of a benchmark did not start, or ended before its samples did. */
export class ServiceError extends NestbenchError {
  override readonly code = 'NESTBENCH_SERVICE_FAILED';
  override readonly kind = 'benchmark';
}

/** A process was killed while a sample was taken. */
export class KilledError extends NestbenchError {
  override readonly code = 'NESTBENCH_PROCESS_KILLED';
  override readonly kind = 'benchmark';
}

/** A test ended before the series that it measures. */
export class TestEndedError extends NestbenchError {
  override readonly code = 'NESTBENCH_ABORTED';
  override readonly kind = 'benchmark';
}

/** L0's counters do not show that direct virtual hardware was in effect, so a run does not count. */
export class DvhUnprovenError extends NestbenchError {
  override readonly code = 'NESTBENCH_DVH_UNPROVEN';
  override readonly kind = 'benchmark';
}

/** nestbench did not run while a sample was taken, so it can't say how long the sample took. */
export class PausedError extends NestbenchError {
  override readonly code = 'NESTBENCH_PAUSED';
  override readonly kind = 'benchmark';
}

/** The clock of a machine cannot be trusted, so no sample of its cell can. */
export class ClockError extends NestbenchError {
  override readonly code = 'NESTBENCH_CLOCK_WRONG';
  override readonly kind = 'infrastructure';
}

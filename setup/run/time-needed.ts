/** How long measuring takes at most: by earlier experiments on this host, and by what is planned where there are none. */
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import type { RunPlan } from '../../fixtures/benchmarks/plan-run.ts';
import type { Cell, Level } from '../../fixtures/matrix.ts';
import type { SeenTimes } from './seen-times.ts';

export interface Needed {
  readonly seconds: number;
  /** Whether an earlier experiment took that long. */
  readonly isSeen: boolean;
}

/**
 * How many times longer than on an unloaded machine work of a fixed amount may take. The most in the emulated testbed's
 * journals of November 2026, two CPUs: 7.3 for hackbench at L1, 3.4 for mysql at L3.
 */
const SLOWEST = 8;

/** Samples of a fixed duration took at most 1.12 times what is expected, in the same journals. */
const LATE = 1.25;

/** A boot that is saved too; the longest in the same journals were 26, 32, 128 and 191 s. */
const BOOT_SECONDS: Readonly<Record<Level, number>> = { 0: 40, 1: 60, 2: 130, 3: 200 };

/** A physical machine may need 15 min for a reboot (testbed/physical/reboot.ts). */
const REBOOT_SECONDS = 900;

/** mysql's at L3 took 7.4 s. */
const SERVICE_SECONDS = 10;

/** The start of a cell's worker, and the end of its machines. */
const CELL_SECONDS = 10;

/** The proof and the idle command of a run. */
const RUN_SECONDS = 2;

/** @param left how many iterations of how many runs. */
export function secondsOfBenchmark(
  { name: cell }: Cell,
  benchmark: Benchmark,
  { sizes }: RunPlan,
  left: { readonly iterations: number; readonly runs: number },
  times: SeenTimes,
): Needed {
  const seen = times.sample(cell, benchmark.name, sizes);
  const isFixed = sizes['seconds'] !== undefined;
  const planned = benchmark.expectedSeconds(sizes) * (isFixed ? LATE : SLOWEST);
  const service =
    benchmark.service === undefined ? 0 : (times.service(cell, benchmark.name) ?? SERVICE_SECONDS);
  return {
    seconds: left.iterations * (seen ?? planned) + left.runs * (service + RUN_SECONDS),
    isSeen: seen !== undefined,
  };
}

/** From the end of the cell before to its first sample, and the end of its machines. */
export function secondsOfCell({ name, level }: Cell, kind: string, times: SeenTimes): Needed {
  const seen = times.boot(name);
  const planned = BOOT_SECONDS[level] + (kind === 'physical' ? REBOOT_SECONDS : 0);
  return { seconds: CELL_SECONDS + (seen ?? planned), isSeen: seen !== undefined };
}

/**
 * How long measuring takes at most, and usually: by earlier experiments on this host, and by what is planned where there
 * are none.
 */
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import type { RunPlan } from '../../fixtures/benchmarks/plan-run.ts';
import type { Cell, Level } from '../../fixtures/matrix.ts';
import type { SeenTimes } from './seen-times.ts';

export interface Needed {
  /** At most. */
  readonly seconds: number;
  /** On an unloaded machine. Where an earlier experiment is known, as long as its longest. */
  readonly usualSeconds: number;
  /** Whether an earlier experiment took that long. */
  readonly isSeen: boolean;
}

/**
 * How many times longer than on an unloaded machine work of a fixed amount may take. The most in the emulated testbed's
 * journals of November 2026, two CPUs: 7.3 for hackbench at L1, 3.4 for mysql at L3.
 */
const SLOWEST = 8;

/**
 * How long it usually takes of what is expected: 0.2 (L0) to 0.5 (L3) for hackbench, 0.1 to 1.3 for mysql, in the first
 * matrix of a quiet host on 30 November 2026. The other USUAL values are of the same day's first runs.
 */
const USUAL = 0.5;

/** Samples of a fixed duration took at most 1.12 times what is expected, in the same journals. */
const LATE = 1.25;

/** A boot that is saved too; the longest in the same journals were 26, 32, 128 and 191 s. */
const BOOT_SECONDS: Readonly<Record<Level, number>> = { 0: 40, 1: 60, 2: 130, 3: 200 };

const USUAL_BOOT_SECONDS: typeof BOOT_SECONDS = { 0: 10, 1: 20, 2: 30, 3: 50 };

/** A physical machine may need 15 min for a reboot (testbed/physical/reboot.ts). */
const REBOOT_SECONDS = 900;
const USUAL_REBOOT_SECONDS = 300;

/** mysql's at L3 took 7.4 s. */
const SERVICE_SECONDS = 10;
const USUAL_SERVICE_SECONDS = 1.5;

/** The start of a cell's worker, and the end of its machines. */
const CELL_SECONDS = 10;
const USUAL_CELL_SECONDS = 2;

/** The proof and the idle command of a run. */
const RUN_SECONDS = 2;
const USUAL_RUN_SECONDS = 0.5;

/** @param left how many iterations of how many runs. */
export function secondsOfBenchmark(
  { name: cell }: Cell,
  benchmark: Benchmark,
  { sizes }: RunPlan,
  left: { readonly iterations: number; readonly runs: number },
  times: SeenTimes,
): Needed {
  const seen = times.sample(cell, benchmark.name, sizes);
  const service = benchmark.service === undefined ? 0 : times.service(cell, benchmark.name);
  const expected = benchmark.expectedSeconds(sizes);
  const isFixed = sizes['seconds'] !== undefined;
  const { iterations, runs } = left;
  return {
    seconds:
      iterations * (seen ?? expected * (isFixed ? LATE : SLOWEST)) +
      runs * ((service ?? SERVICE_SECONDS) + RUN_SECONDS),
    usualSeconds:
      iterations * (seen ?? expected * (isFixed ? 1 : USUAL)) +
      runs * ((service ?? USUAL_SERVICE_SECONDS) + USUAL_RUN_SECONDS),
    isSeen: seen !== undefined,
  };
}

/** From the end of the cell before to its first sample, and the end of its machines. */
export function secondsOfCell({ name, level }: Cell, kind: string, times: SeenTimes): Needed {
  const seen = times.boot(name);
  const isPhysical = kind === 'physical';
  return {
    seconds: CELL_SECONDS + (seen ?? BOOT_SECONDS[level] + (isPhysical ? REBOOT_SECONDS : 0)),
    usualSeconds:
      USUAL_CELL_SECONDS + (seen ?? USUAL_BOOT_SECONDS[level] + (isPhysical ? USUAL_REBOOT_SECONDS : 0)),
    isSeen: seen !== undefined,
  };
}

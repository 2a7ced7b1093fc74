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

/** What is assumed where no earlier experiment is known. All but the factors is in seconds. */
interface Assumed {
  /** Of what a benchmark expects, for samples of a fixed duration. */
  readonly timed: number;
  /** The same, for samples of a fixed amount of work. */
  readonly amount: number;
  /** A boot that is saved too. */
  readonly boot: Readonly<Record<Level, number>>;
  /** What a boot of physical machines takes besides. */
  readonly reboot: number;
  readonly service: number;
  /** The start of a cell's worker, and the end of its machines. */
  readonly cell: number;
  /** The proof and the idle command of a run. */
  readonly run: number;
}

/** The most in the emulated testbed's journals of November 2026, two CPUs, rounded up. */
const MOST: Assumed = {
  // 1.12.
  timed: 1.25,
  // 7.3 for hackbench at L1, 3.4 for mysql at L3.
  amount: 8,
  // 26, 32, 128 and 191 s.
  boot: { 0: 40, 1: 60, 2: 130, 3: 200 },
  // A machine may need 15 min (testbed/physical/reboot.ts).
  reboot: 900,
  // 7.4 s for mysql at L3.
  service: 10,
  cell: 10,
  run: 2,
};

/** The first runs on a quiet host of two CPUs, 30 November 2026; those of physical machines are a guess. */
const USUAL: Assumed = {
  timed: 1,
  // 0.2 (L0) to 0.5 (L3) for hackbench, 0.1 to 1.3 for mysql.
  amount: 0.5,
  boot: { 0: 10, 1: 20, 2: 30, 3: 50 },
  reboot: 300,
  service: 1.5,
  cell: 2,
  run: 0.5,
};

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
  const isTimed = sizes['seconds'] !== undefined;
  const by = (assumed: Assumed): number =>
    left.iterations * (seen ?? expected * (isTimed ? assumed.timed : assumed.amount)) +
    left.runs * ((service ?? assumed.service) + assumed.run);
  return { seconds: by(MOST), usualSeconds: by(USUAL), isSeen: seen !== undefined };
}

/** From the end of the cell before to its first sample, and the end of its machines. */
export function secondsOfCell({ name, level }: Cell, kind: string, times: SeenTimes): Needed {
  const seen = times.boot(name);
  const by = ({ cell, boot, reboot }: Assumed): number =>
    cell + (seen ?? boot[level] + (kind === 'physical' ? reboot : 0));
  return { seconds: by(MOST), usualSeconds: by(USUAL), isSeen: seen !== undefined };
}

/**
 * Records of experiments whose truth is known: a mean, how runs and iterations scatter around it, and what was changed.
 */
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { CELLS } from '../../fixtures/matrix.ts';
import type { ExperimentRecord, JournalRecord } from '../../fixtures/records.ts';
import { normals } from '../../fixtures/statistics/normals.ts';
import { collectResults, type Results } from '../model/experiment-results.ts';

export interface NoisyExperiment {
  readonly seed: number;
  readonly runs: number;
  readonly iterations: number;
  readonly cells?: readonly string[];
  readonly benchmarks?: readonly string[];
  /** Relative standard deviations. */
  readonly betweenRuns?: number;
  readonly withinRuns?: number;
  /** By which factor a place is slower; default 1. A rate is divided by it. */
  readonly slower?: (cell: string, benchmark: string) => number;
  readonly start?: Partial<ExperimentRecord>;
}

const AT = '2026-11-23T00:41:00.000Z';

export function noisyResults(experiment: NoisyExperiment): Results {
  return collectResults(noisyRecords(experiment));
}

export function noisyRecords({
  seed,
  runs,
  iterations,
  cells = CELLS.map(({ name }) => name),
  benchmarks = BENCHMARKS.map(({ name }) => name),
  betweenRuns = 0.01,
  withinRuns = 0.01,
  slower = () => 1,
  start = {},
}: NoisyExperiment): JournalRecord[] {
  const normal = normals(seed);
  const records: JournalRecord[] = [{ ...START, ...start }];
  for (const cell of cells) {
    for (const { name: benchmark, unit, better } of BENCHMARKS) {
      if (!benchmarks.includes(benchmark)) continue;
      const place = { at: AT, cell, benchmark, unit, better };
      for (let run = 1; run <= runs; run += 1) {
        const sizes = { iterations, seconds: 3 };
        records.push({ type: 'series', ...place, run, sizes, on: 'client', argv: [benchmark] });
        const ofRun = 100 * slower(cell, benchmark) * Math.exp(betweenRuns * normal());
        for (let iteration = 1; iteration <= iterations; iteration += 1) {
          const time = ofRun * Math.exp(withinRuns * normal());
          records.push({
            type: 'sample',
            ...place,
            run,
            iteration,
            value: better === 'lower' ? time : 1e5 / time,
            started: AT,
            seconds: 3.2,
            output: `${cell}/${benchmark}/run-${run}-iteration-${iteration}.txt`,
            work: { amount: 9120, unit: 'transaction' },
            l0: {
              seconds: 3.24,
              exits: { exits: 41_230, halt_exits: 9120, irq_exits: 12_811, insn_emulation: 1200 },
              cpuSeconds: { benchmark: 3.1, kernel: 0.4, harness: 0.01 },
            },
            gapSeconds: 0.017,
          });
        }
      }
    }
  }
  return records;
}

const START: ExperimentRecord = {
  type: 'experiment',
  at: AT,
  experiment: 'noisy',
  testbed: { kind: 'emulated', accelerator: 'tcg', settings: { mitigations: 'off' } },
  profile: 'quick',
  runs: 1,
  host: { cpuModel: 'AMD EPYC 7B13', cpus: 2, memoryBytes: 8 * 2 ** 30, kernel: '6.1.0-40-amd64' },
  versions: { nestbench: '0.1.0', kernel: '6.1.192-nestbench' },
  commit: 'cb90e4d1c0ffee00112233445566778899aabbcc',
  modified: false,
};

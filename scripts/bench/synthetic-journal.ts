/**
 * A journal with any number of samples, for the bench of the report: every cell and benchmark of the matrix in three
 * runs. Each record has all fields of a real one, so that its lines have realistic lengths (measured: 915 bytes a
 * sample in a journal of the whole matrix at quick). The numbers are synthetic; only their size is realistic.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { KVM_COUNTERS } from '../../fixtures/kvm-counters.ts';
import { CELLS } from '../../fixtures/matrix.ts';
import type { JournalRecord, ServerWindow } from '../../fixtures/records.ts';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';

const RUNS = 3;
const START_MS = Date.parse('2026-11-23T00:00:00Z');
/** Flushed at this length. */
const BUFFER_CHARACTERS = 2 ** 20;

/**
 * Writes a journal of at least `samples` samples to `directory`.
 * @returns how many it has: the runs have equal lengths.
 */
export function writeSyntheticJournal(directory: string, samples: number): number {
  mkdirSync(directory, { recursive: true });
  const descriptor = openSync(path.join(directory, JOURNAL_FILE), 'w');
  const iterations = Math.ceil(samples / (CELLS.length * BENCHMARKS.length * RUNS));
  let count = 0;
  let text = '';
  try {
    for (const record of records(iterations)) {
      if (record.type === 'sample') count += 1;
      text += `${JSON.stringify(record)}\n`;
      if (text.length > BUFFER_CHARACTERS) {
        writeSync(descriptor, text);
        text = '';
      }
    }
    writeSync(descriptor, text);
    // As for a real journal, so that writing it back does not slow down its reader.
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return count;
}

function* records(iterations: number): Generator<JournalRecord> {
  let now = START_MS;
  const at = (): string => new Date(now).toISOString();
  yield {
    type: 'experiment',
    at: at(),
    experiment: 'synthetic',
    testbed: { kind: 'emulated', accelerator: 'tcg', settings: { mitigations: 'off' } },
    profile: 'paper',
    runs: RUNS,
    host: { cpuModel: 'synthetic', cpus: 2, memoryBytes: 2 ** 34, kernel: 'synthetic' },
    versions: {},
    commit: null,
    modified: false,
  };
  for (const { name: cell, level } of CELLS) {
    for (const { name: benchmark, unit, better } of BENCHMARKS) {
      for (let run = 1; run <= RUNS; run++) {
        const what = { cell, benchmark, run };
        const sizes = { iterations, seconds: 3 };
        yield { type: 'series', at: at(), ...what, unit, better, sizes, on: 'client', argv: [benchmark] };
        yield { type: 'idle', at: at(), ...what, l0: window(0.1, level) };
        for (let iteration = 1; iteration <= iterations; iteration++) {
          const started = at();
          now += 3020;
          // A few percent of noise that repeats only after very many iterations.
          const value = (1000 * (1 + 0.03 * Math.sin(iteration * 7.3 + run))) / (level + 1);
          yield {
            type: 'sample',
            at: at(),
            ...what,
            iteration,
            value,
            unit,
            better,
            started,
            seconds: 3.001_234_567,
            output: `${cell}/${benchmark}/run-${run}-iteration-${iteration}.txt`,
            work: { amount: 3 * value, unit: 'operation' },
            l0: window(3.012_345_678, level),
            host: {
              seconds: 3.013_456_789,
              cpus: 2,
              othersSeconds: 0.02,
              stealSeconds: 0,
              qemuSeconds: 3.512_345,
              qemuWaitSeconds: 0.112_345,
            },
            beforeSeconds: 0.000_002_513_999_992,
            afterSeconds: 0.000_004_766_999_976,
            gapSeconds: 0.020_554_789,
          };
        }
        yield { type: 'service', at: at(), ...what, seconds: 1.25 };
      }
    }
  }
}

function window(seconds: number, level: number): ServerWindow {
  const exits = Object.fromEntries(
    KVM_COUNTERS.map((name, index) => [name, Math.round((seconds * 10 ** (level + 2)) / (index + 1))]),
  );
  return {
    seconds,
    ...(level === 0 ? {} : { exits }),
    cpuSeconds: { benchmark: 0.9 * seconds, kernel: 0.001_863_02, harness: 0.010_862_111 },
  };
}

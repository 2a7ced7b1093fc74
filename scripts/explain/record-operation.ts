/** Measures one operation of a cell under the emulator that records, and explains the result. */
import { mkdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { microbenchmark, type MicrobenchmarkName } from '../../fixtures/benchmarks/micro.ts';
import type { Cell } from '../../fixtures/matrix.ts';
import { explain } from '../../reporters/explain/explain-blocks.ts';
import type { Explanation } from '../../reporters/explain/explanation.ts';
import { PathRecords } from '../../reporters/explain/path-records.ts';
import { parseKallsyms, type Symbols } from '../../reporters/explain/symbols.ts';
import type { Emulator } from '../../setup/build/qemu/emulator.ts';
import { CheckError } from '../../setup/lib/errors.ts';
import { reportProgress } from '../../setup/lib/task-progress.ts';
import { iterate } from '../../setup/measure/sample.ts';
import type { Settings } from '../../setup/run/settings.ts';
import type { RunningStack } from '../../setup/stack/running.ts';
import { type EmulatedExperiment, planEmulated } from '../../setup/testbed/emulated/emulated-experiment.ts';
import { startRecording } from '../../setup/testbed/emulated/start-recording.ts';

export interface RecordOptions {
  readonly experiment: EmulatedExperiment;
  readonly variant: Settings['variant'];
  /** The emulator that records. */
  readonly recorder: Emulator;
  /** Everything else that it was made of, by name. */
  readonly madeOf: Readonly<Record<string, string>>;
  /** For logs, and for what is recorded while it is needed. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

const KALLSYMS_SECONDS = 60;

export async function recordOperation(
  cell: Cell,
  operation: MicrobenchmarkName,
  options: RecordOptions,
): Promise<Explanation> {
  const { experiment, variant, recorder, directory, signal, say } = options;
  const task = cell.name;
  const logs = path.join(directory, cell.name);
  mkdirSync(logs, { recursive: true });
  const file = path.join(logs, 'paths');
  const benchmark = microbenchmark(operation, 'virtual');
  // As many blocks as a measurement has, 5 MB each at L3. Of send-ipi at L1 the first three to five take 13,930
  // instructions, and most later ones 16,010.
  const sizes = benchmark.sizes.quick;
  const plan = planEmulated(cell, { ...experiment, variant }, 'micro');
  try {
    await using running = await startRecording(
      plan,
      experiment,
      { program: recorder.program, file },
      {
        logs,
        signal,
        say,
        onStep: (text, left) => reportProgress({ task, text, state: 'running', secondsLeft: left }),
      },
    );
    const secondsLeft = benchmark.expectedSeconds(sizes);
    reportProgress({ task, text: `recording ${operation}`, state: 'running', secondsLeft });
    const symbols = await readSymbols(running);
    const iteration = await iterate(benchmark, sizes, running.underTest, running, running.signal);
    if (iteration.state === 'failed') throw await running.causeOf(iteration.error);
    reportProgress({ task, text: 'following the recorded paths', state: 'running' });
    const { value: reported, completed } = iteration;
    const { level } = cell;
    const explained = explain({
      records: new PathRecords(await readFile(file)),
      symbols,
      level,
      output: completed.stdout,
      repetitions: sizes.repetitions,
      reported,
    });
    checkSum(operation, explained.total, reported);
    reportProgress({ task, text: `${operation} is explained`, state: 'done' });
    const madeAt = new Date().toISOString();
    return {
      format: 1,
      cell: cell.name,
      operation,
      level,
      reported,
      ...explained,
      madeOf: { ...options.madeOf },
      madeAt,
    };
  } finally {
    await rm(file, { force: true });
  }
}

/** How far the sum over all functions may be from what the microbenchmark reports. */
const TOLERANCE = 0.01;

function checkSum(operation: string, total: number, reported: number): void {
  if (Math.abs(total / reported - 1) <= TOLERANCE) return;
  throw new CheckError({
    message: `The recorded paths of ${operation} add up to ${total.toFixed(0)} instructions, and the microbenchmark reports ${reported.toFixed(0)}: they differ by more than ${100 * TOLERANCE} %. Start again; if that does not help, report it.`,
    machine: 'l0',
  });
}

/** One kernel runs at every level, at the same addresses (nokaslr). */
async function readSymbols({ machines, signal }: RunningStack): Promise<Symbols> {
  const [server] = machines;
  if (server === undefined) throw new RangeError('there is no L0');
  const options = { signal, deadlineSeconds: KALLSYMS_SECONDS };
  return parseKallsyms(await server.check(['cat', '/proc/kallsyms'], options));
}

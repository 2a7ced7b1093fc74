/**
 * `npm run bench:report`: how long the closing summary and all files take for journals of 10^3 to 10^5 samples, and how
 * much memory. Each is made in its own process, as at the end of a run, to measure what a user waits for.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { $ } from 'zx';
import { inBytes } from '../setup/lib/bytes.ts';
import { JOURNAL_FILE } from '../setup/journal/journal.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { writeSyntheticJournal } from './bench/synthetic-journal.ts';

const USAGE = 'npm run bench:report, which exits with 1 if the largest journal exceeds its limits';

const SIZES = [1e3, 1e4, 1e5];
/** Limits for the largest journal, from issue 19 of nestbench. A full paper run has a tenth of its samples. */
const MAX_SECONDS = 4;
const MAX_BYTES = 400e6;
const CHILD = path.join(import.meta.dirname, 'bench/bench-report-child.ts');

await runScript(USAGE, async () => {
  parseArguments({}, USAGE);
  const directory = mkdtempSync(path.join(tmpdir(), 'nestbench-bench-report-'));
  try {
    console.log(row('samples', 'journal', 'seconds', 'peak memory', 'us a sample'));
    for (const size of SIZES) {
      const experiment = path.join(directory, String(size));
      if (process.stderr.isTTY) process.stderr.write(`writing a journal of ${size} samples...\r`);
      const samples = writeSyntheticJournal(experiment, size);
      const { seconds, bytes } = await measure(experiment);
      const journal = inBytes(statSync(path.join(experiment, JOURNAL_FILE)).size);
      const each = ((seconds * 1e6) / samples).toFixed(1);
      console.log(row(String(samples), journal, seconds.toFixed(2), inBytes(bytes), each));
      if (size === SIZES.at(-1) && (seconds > MAX_SECONDS || bytes > MAX_BYTES)) {
        console.log(`Over the limit of ${MAX_SECONDS} s and ${inBytes(MAX_BYTES)}.`);
        process.exitCode = 1;
      }
      rmSync(experiment, { recursive: true });
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Wall time of the whole process, and its maximum resident memory as reported by the kernel (getrusage(2)). */
async function measure(experiment: string): Promise<{ seconds: number; bytes: number }> {
  const made = await $({ timeout: '2m' })`${process.execPath} ${CHILD} ${experiment}`;
  return { seconds: made.duration / 1000, bytes: Number(made.lines().at(-1)) };
}

function row(...fields: readonly string[]): string {
  return fields.map((field) => field.padStart(12)).join('  ');
}

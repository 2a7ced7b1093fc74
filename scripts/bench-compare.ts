/**
 * `npm run bench:compare`: how long `npm run compare` takes for two full experiments (every cell and benchmark, 40
 * iterations a run), including the start of Node. The journals are synthetic, in a temporary directory.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { $ } from 'zx';
import { noisyRecords } from '../reporters/verdict/noisy-experiment.ts';
import { JOURNAL_FILE } from '../setup/journal/journal.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run bench:compare';

const ITERATIONS = 40;
const ROUNDS = 5;
const COMPARE = path.join(import.meta.dirname, 'compare.ts');

async function main(): Promise<void> {
  parseArguments({}, USAGE);
  const directory = mkdtempSync(path.join(tmpdir(), 'nestbench-bench-compare-'));
  try {
    for (const runs of [3, 5, 10, 20]) {
      const [base = '', head = ''] = [1, 2].map((seed) =>
        write(path.join(directory, `${runs}-${seed}`), runs, seed),
      );
      const megabytes = (statSync(path.join(base, JOURNAL_FILE)).size / 1e6).toFixed(0);
      const seconds: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) seconds.push(await timed(base, head));
      seconds.sort((one, other) => one - other);
      const [min, middle, max] = [seconds[0], seconds[Math.floor(ROUNDS / 2)], seconds.at(-1)];
      console.log(
        `${runs} runs a side, 2 journals of ${megabytes} MB: median ${middle?.toFixed(2)} s ` +
          `(${min?.toFixed(2)} to ${max?.toFixed(2)} of ${ROUNDS})`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function write(directory: string, runs: number, seed: number): string {
  mkdirSync(directory);
  const records = noisyRecords({ seed, runs, iterations: ITERATIONS });
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  writeFileSync(path.join(directory, JOURNAL_FILE), text);
  return directory;
}

async function timed(base: string, head: string): Promise<number> {
  const compared = await $({ nothrow: true })`${process.execPath} ${COMPARE} ${base} ${head}`;
  // 1 is a false alarm, which noise may give.
  if (compared.exitCode !== 0 && compared.exitCode !== 1) throw compared;
  return compared.duration / 1000;
}

await runScript(USAGE, main);

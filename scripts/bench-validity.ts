/**
 * `npm run bench:validity`: whether the statements that nestbench prints hold at their stated rate. Each line of the
 * table is a claim, its stated rate, and how often it was true in experiments whose truth is known. The exit code is 1
 * if a line is outside its stated rate without a stated limit. The same seed gives the same numbers.
 */
import { setImmediate } from 'node:timers/promises';
import ProgressReporter from '../reporters/progress.ts';
import { reportProgress } from '../setup/lib/task-progress.ts';
import { unknownSetting } from './cli/arguments.ts';
import { parseValidityOptions, USAGE, type ValidityOptions } from './bench/bench-validity-options.ts';
import { runScript } from './cli/run-script.ts';
import { SIMULATIONS } from './bench/validity/index.ts';
import { type Measured, measure, nameOf, type Simulation } from './bench/validity/simulation.ts';
import { failing, validityTable } from './bench/validity/table.ts';

const COLUMNS = process.stdout.columns || 120;
/** Between two updates of the progress. */
const UPDATE_MS = 200;

await runScript(USAGE, async () => {
  const options = parseValidityOptions(process.argv.slice(2));
  const all = await measureAll(selected(options), options);
  process.stdout.write(`${validityTable(all, COLUMNS)}\n`);
  if (failing(all).length > 0) process.exitCode = 1;
});

/**
 * @throws {InputError} if a name is in no line.
 */
function selected({ names }: ValidityOptions): readonly Simulation[] {
  const unknown = names.find((name) => !SIMULATIONS.some((one) => nameOf(one).includes(name)));
  if (unknown !== undefined) throw unknownSetting(`No line contains "${unknown}".`, USAGE);
  return names.length === 0
    ? SIMULATIONS
    : SIMULATIONS.filter((one) => names.some((name) => nameOf(one).includes(name)));
}

async function measureAll(
  simulations: readonly Simulation[],
  { count, seed }: ValidityOptions,
): Promise<Measured[]> {
  const progress = new ProgressReporter();
  progress.onTestRunStart();
  try {
    const began = performance.now();
    const all: Measured[] = [];
    for (const [index, simulation] of simulations.entries()) {
      const trials = measure(simulation, count, seed);
      let updated = -Infinity;
      for (;;) {
        const step = trials.next();
        if (step.done === true) {
          all.push(step.value);
          break;
        }
        if (performance.now() - updated < UPDATE_MS) continue;
        updated = performance.now();
        const fraction = (index + step.value) / simulations.length;
        reportProgress({
          task: 'bench:validity',
          text: 'simulating experiments',
          state: 'running',
          fraction,
          // The first trials take longer than the others, so they give no estimate.
          secondsLeft:
            updated - began < UPDATE_MS ? undefined : ((updated - began) / 1000 / fraction) * (1 - fraction),
        });
        // Lets the progress line be drawn.
        await setImmediate();
      }
    }
    return all;
  } finally {
    progress.onTestRunEnd();
  }
}

/**
 * `npm run bench:validity`: whether what nestbench prints holds as often as it says. Each line of the table is a claim,
 * the rate that it states, and how often it came true in experiments whose truth is known. Exit code 1 where a line is
 * outside its stated rate and no limit is stated. The same seed gives the same numbers.
 */
import { setImmediate } from 'node:timers/promises';
import ProgressReporter from '../reporters/progress.ts';
import { tell } from '../setup/lib/task-progress.ts';
import { unknownSetting } from './cli/arguments.ts';
import { parseValidityOptions, USAGE, type ValidityOptions } from './bench/bench-validity-options.ts';
import { runScript } from './cli/run-script.ts';
import { SIMULATIONS } from './bench/validity/index.ts';
import { type Measured, measure, nameOf, type Simulation } from './bench/validity/simulation.ts';
import { failing, validityTable } from './bench/validity/table.ts';

const COLUMNS = process.stdout.columns || 120;
/** Between two looks at the progress. */
const TELL_MS = 200;

await runScript(async () => {
  const options = parseValidityOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const all = await measureAll(selected(options), options);
  process.stdout.write(`${validityTable(all, COLUMNS)}\n`);
  if (failing(all).length > 0) process.exitCode = 1;
});

/** @throws {InputError} where a name is in no line. */
function selected({ names }: ValidityOptions): readonly Simulation[] {
  const unknown = names.find((name) => !SIMULATIONS.some((one) => nameOf(one).includes(name)));
  if (unknown !== undefined) throw unknownSetting(`No line has "${unknown}" in it.`, USAGE);
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
      let told = -Infinity;
      for (;;) {
        const step = trials.next();
        if (step.done === true) {
          all.push(step.value);
          break;
        }
        if (performance.now() - told < TELL_MS) continue;
        told = performance.now();
        const fraction = (index + step.value) / simulations.length;
        tell({
          task: 'bench:validity',
          text: 'simulating experiments',
          state: 'running',
          fraction,
          // The first trials take longer than the others, and tell nothing.
          secondsLeft:
            told - began < TELL_MS ? undefined : ((told - began) / 1000 / fraction) * (1 - fraction),
        });
        // The progress is drawn in between.
        await setImmediate();
      }
    }
    return all;
  } finally {
    progress.onTestRunEnd();
  }
}

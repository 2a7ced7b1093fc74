/**
 * `npm run ab -- --base X --head Y suites/l2`: measures two variants alternately on one testbed, until the verdict for
 * every benchmark is closed or the rounds are used up. Each round reboots, so that its runs are independent of earlier
 * ones.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describeProgress } from '../reporters/terminal/progress-line.ts';
import { terminalOptions } from '../reporters/terminal/terminal.ts';
import { comparisonTable } from '../reporters/verdict/comparison-table.ts';
import type { ComparedRow, Comparison } from '../reporters/verdict/comparison.ts';
import { exitCodeOf } from '../reporters/verdict/comparison-json.ts';
import { inWords } from '../setup/lib/duration.ts';
import { CommandError, InputError } from '../setup/lib/errors.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { findVariant } from '../setup/run/find-variant.ts';
import { measureOnce } from './ab/ab-child.ts';
import { type AbOptions, HELP, parseAbOptions } from './ab/ab-options.ts';
import { orderOf } from './ab/ab-plan.ts';
import { AbVerdicts } from './ab/ab-verdicts.ts';
import { type ReadExperiment, readExperiment } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

type Side = 'base' | 'head';

/** What the next rounds measure. */
type Selection = Pick<AbOptions, 'suites' | 'projects' | 'pattern'>;

async function main(): Promise<void> {
  const options = parseAbOptions(process.argv.slice(2), new Date());
  // Check both variants before measuring: otherwise a mistake in the second would only show after the first has booted.
  for (const variant of [options.base, options.head]) findVariant(variant);
  const { resultsDirectory } = resolveSettings(process.env, new Date());
  for (const side of ['base', 'head'] as const) {
    const directory = path.join(resultsDirectory, experimentOf(options, side));
    if (existsSync(directory)) {
      throw new InputError(
        'NESTBENCH_EXPERIMENT_DIFFERS',
        `${directory} already exists, and an A/B does not continue another's rounds. Select another --name.`,
      );
    }
  }
  await new AbRun(options, resultsDirectory).run();
}

function experimentOf({ name }: AbOptions, side: Side): string {
  return `${name}-${side}`;
}

class AbRun {
  readonly #options: AbOptions;
  readonly #results: string;
  readonly #verdicts = new AbVerdicts();
  readonly #began = performance.now();
  #signalChild: ((name: NodeJS.Signals) => void) | undefined;
  #stoppedBy: NodeJS.Signals | undefined;

  constructor(options: AbOptions, results: string) {
    this.#options = options;
    this.#results = results;
  }

  async run(): Promise<void> {
    const { rounds, looks } = this.#options;
    const giveBack = onStopSignals({
      stop: (signal) => {
        this.#stoppedBy = signal;
        this.#signalChild?.(signal);
      },
      endMachines: async () => this.#signalChild?.(this.#stoppedBy ?? 'SIGTERM'),
      kept: () => 'What was measured stays in both experiments.',
      log,
    });
    try {
      let selection: Selection | undefined = this.#options;
      for (let round = 1; round <= rounds && selection !== undefined; round++) {
        for (const side of orderOf(round)) await this.#measure(round, side, selection);
        if (this.#stoppedBy !== undefined) break;
        const look = looks.find(({ afterRound }) => afterRound === round);
        if (look === undefined) continue;
        const [base, head] = this.#read();
        const open = this.#verdicts.look(base.results, head.results, look);
        selection = open.length === 0 ? undefined : openOnly(open, this.#options);
        log(`After round ${round}: ${open.length === 0 ? 'every verdict is closed' : namesOf(open)}.`);
      }
    } finally {
      giveBack();
    }
    this.#close();
  }

  async #measure(round: number, side: Side, selection: Selection): Promise<void> {
    const { rounds } = this.#options;
    for (const attempt of [1, 2]) {
      if (this.#stoppedBy !== undefined) return;
      const title = `round ${round} of at most ${rounds}, ${side} (${this.#options[side]})`;
      const again = attempt === 1 ? '' : ', again';
      log(`${title}${again}${this.#timeLeft(round, side)}`);
      const isWell = await measureOnce({
        ...selection,
        variant: this.#options[side],
        experiment: experimentOf(this.#options, side),
        log: path.join(this.#results, experimentOf(this.#options, side), 'ab', `round-${round}.log`),
        onProgress: (event) => log(`  ${describeProgress(event, event.seconds ?? 0)}`),
        onStart: (signal) => void (this.#signalChild = signal),
      });
      this.#signalChild = undefined;
      if (isWell || this.#stoppedBy !== undefined) return;
      log(`${title} failed; its journal says why. Its failed samples do not count.`);
    }
    throw new CommandError({
      message: `Round ${round} of the A/B failed twice with ${this.#options[side]}${this.#lastFailure(side)}: see ${path.join(this.#results, experimentOf(this.#options, side))}. The earlier rounds are kept, and npm run compare can read them.`,
    });
  }

  #lastFailure(side: Side): string {
    try {
      const { results } = readExperiment(path.join(this.#results, experimentOf(this.#options, side)));
      const last = results.records.findLast((record) => record.type === 'failure');
      return last === undefined ? '' : ` (${last.cell}: ${last.message.split('\n')[0]})`;
    } catch {
      // It failed before it had a journal.
      return '';
    }
  }

  /** Estimated from the rounds so far. Later rounds measure at most as much. */
  #timeLeft(round: number, side: Side): string {
    const { rounds } = this.#options;
    const done = 2 * (round - 1) + (orderOf(round)[0] === side ? 0 : 1);
    if (done === 0) return '';
    const each = (performance.now() - this.#began) / 1000 / done;
    return `, at most about ${inWords(each * (2 * rounds - done))} left`;
  }

  #read(): [ReadExperiment, ReadExperiment] {
    const of = (side: Side): ReadExperiment =>
      readExperiment(path.join(this.#results, experimentOf(this.#options, side)));
    return [of('base'), of('head')];
  }

  #close(): void {
    const { comparison } = this.#verdicts;
    const names = (['base', 'head'] as const).map((side) => experimentOf(this.#options, side));
    log(`The experiments are ${names.join(' and ')}, under ${path.relative('', this.#results)}.`);
    if (comparison === undefined) return;
    this.#print(comparison);
    // Keeps the exit code of a stopped command.
    if (this.#stoppedBy === undefined) process.exitCode = exitCodeOf(comparison);
  }

  #print(comparison: Comparison): void {
    if (comparison.state === 'incomparable') {
      console.error("The two can't be compared.");
      for (const difference of comparison.differences) console.error(`  ${difference}`);
      return;
    }
    const [base, head] = this.#read();
    log(`\n${comparisonTable(comparison, { base, head }, terminalOptions())}`);
  }
}

/**
 * Selects only the cells and benchmarks whose verdict is open. A cell with an open verdict also measures the open
 * benchmarks of other cells.
 */
function openOnly(open: readonly ComparedRow[], { suites }: AbOptions): Selection {
  const benchmarks = [...new Set(open.map(({ benchmark }) => benchmark))];
  return {
    suites,
    projects: [...new Set(open.map(({ cell }) => cell))],
    pattern: `^(${benchmarks.map((name) => RegExp.escape(name)).join('|')})$`,
  };
}

function namesOf(open: readonly ComparedRow[]): string {
  return `open is ${open.map(({ cell, benchmark }) => `${benchmark} in ${cell}`).join(', ')}`;
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

// After the class, which must be initialized first.
await runScript(HELP, main);

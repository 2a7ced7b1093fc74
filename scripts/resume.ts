/** `npm run resume -- EXPERIMENT`: measures what an experiment lacks that was cut off. */
import path from 'node:path';
import { execa } from 'execa';
import { isMicrobenchmark } from '../fixtures/benchmarks/index.ts';
import { BREAKDOWN_CELLS, findCell } from '../fixtures/matrix.ts';
import type { ExperimentRecord } from '../fixtures/records.ts';
import { findExperiment, whatThereIs } from '../reporters/model/find-experiment.ts';
import { describeDamaged, readJournal } from '../setup/journal/journal-reader.ts';
import { requestsOf } from '../setup/journal/requests.ts';
import { InputError } from '../setup/lib/errors.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { SeenTimes } from '../setup/run/seen-times.ts';
import { type PlannedBenchmark, planStart, type StartPlan } from '../setup/run/start-plan.ts';
import { describeStart } from '../setup/run/start-words.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { loadTestbed, testbedKind, withSizesFor } from '../setup/testbed/testbeds.ts';
import { parseCommandLine } from './cli/arguments.ts';
import { experimentHelp, placesOfExperiments } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';
import { VITEST } from './cli/vitest-program.ts';

const USAGE = 'npm run resume -- EXPERIMENT [--retry-failed] [--within 8h] [--cold]';

const HELP = `${experimentHelp(USAGE)}
Measures what the experiment lacks: iterations of runs that were cut off, benchmarks and cells that were requested. What
its journal has stands. With --retry-failed, what failed is measured again, too.`;

async function main(): Promise<void> {
  const { positionals, values } = parseCommandLine(
    process.argv.slice(2),
    { 'retry-failed': { type: 'boolean' }, within: { type: 'string' }, cold: { type: 'boolean' } },
    USAGE,
  );
  const [name, ...others] = positionals;
  const places = placesOfExperiments();
  if (name === undefined || others.length > 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `Name one experiment: ${USAGE}. ${whatThereIs(places.results)}`,
    );
  }
  // Not the link `latest`, which moves.
  const directory = findExperiment(name, places);
  const { records, damaged } = readJournal(directory);
  for (const text of describeDamaged(damaged, name)) console.error(`Warning: ${text}`);
  const last = records.findLast((record) => record.type === 'experiment');
  if (last === undefined) {
    throw new InputError(
      'NESTBENCH_JOURNAL_DAMAGED',
      `The journal of ${name} has no record of a start, so nothing says what was requested. Begin another experiment.`,
    );
  }
  const environment: NodeJS.ProcessEnv = {
    ...variablesOf(last),
    ...process.env,
    EXPERIMENT: path.basename(directory),
    RESULTS: path.dirname(directory),
    RESUME: values['retry-failed'] === true ? 'retry-failed' : '1',
    ...(values.within === undefined ? {} : { WITHIN: values.within }),
    ...(values.cold === true ? { BOOT: 'cold' } : {}),
  };
  const asked = resolveSettings(environment, new Date());
  const kind = testbedKind(asked.testbed);
  const settings = await withSizesFor(await loadTestbed(kind), asked);
  const { runs, areAll } = requestsOf(records);
  const plan = planStart({
    requests: [...runs].flatMap(([cell, its]) => {
      const found = findCell(cell);
      return found === undefined ? [] : { cell: found, benchmarks: [...its.keys()] };
    }),
    profile: settings.profile,
    resume: settings.resume,
    withinSeconds: undefined,
    kind,
    records,
    times: new SeenTimes(),
  });
  if (!areAll) {
    console.error(
      `An older nestbench began ${name}, so its journal names only the benchmarks that were begun. For others: EXPERIMENT=${path.basename(directory)} RESUME=1 npx vitest run suites/l2`,
    );
  }
  if (plan.measured.length === 0) for (const line of describeStart(plan, last.experiment)) console.log(line);
  const began = performance.now();
  for (const [index, words] of selectionsOf(plan).entries()) {
    const left = (asked.withinSeconds ?? 0) - (performance.now() - began) / 1000;
    // They share the time.
    const within =
      asked.withinSeconds === undefined || index === 0 ? {} : { WITHIN: `${Math.max(1, Math.floor(left))}s` };
    const exitCode = await run(words, { ...environment, ...within });
    process.exitCode = Math.max(Number(process.exitCode ?? 0), exitCode);
    if (stoppedBy !== undefined) return;
  }
}

/** The settings of the start, as they were given; for older records those that they name. */
function variablesOf({ request, profile, target, variant }: ExperimentRecord): Record<string, string> {
  return (
    request?.variables ?? {
      PROFILE: profile,
      ...(target === undefined ? {} : { TARGET: `${Number((100 * target).toFixed(4))}%` }),
      ...(variant === undefined ? {} : { VARIANT: variant.name }),
    }
  );
}

/** The command lines of Vitest that select what is missing: the breakdown can't be run together with other suites. */
function selectionsOf({ measured }: StartPlan): string[][] {
  const ofBreakdown = measured.filter(isOfBreakdown);
  const ofMatrix = measured.filter((each) => !isOfBreakdown(each));
  return [
    wordsOf(ofMatrix, ({ cell, benchmark }) =>
      isMicrobenchmark(benchmark) ? `suites/micro/l${cell.level}` : `suites/l${cell.level}`,
    ),
    wordsOf(ofBreakdown, () => 'suites/breakdown'),
  ].filter((words) => words.length > 0);
}

function isOfBreakdown({ cell }: PlannedBenchmark): boolean {
  return BREAKDOWN_CELLS.some(({ name }) => name === cell.name);
}

function wordsOf(its: readonly PlannedBenchmark[], suiteOf: (each: PlannedBenchmark) => string): string[] {
  if (its.length === 0) return [];
  const cells = [...new Set(its.map(({ cell }) => cell.name))];
  const names = [...new Set(its.map(({ benchmark }) => RegExp.escape(benchmark)))];
  const suites = [...new Set(its.map(suiteOf))];
  return [...suites, ...cells.flatMap((cell) => ['--project', cell]), '-t', `^(${names.join('|')})$`];
}

let stoppedBy: NodeJS.Signals | undefined;

/** @returns its exit code. */
async function run(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const child = execa(process.execPath, [VITEST, 'run', ...words], {
    env: environment,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
    // Its own process group: the terminal's Ctrl-C reaches this process, which passes it on once.
    detached: true,
    forceKillAfterDelay: false,
  });
  const giveBack = onStopSignals({
    stop: (signal) => {
      stoppedBy = signal;
      child.kill(signal);
    },
    endMachines: async () => child.kill(stoppedBy ?? 'SIGTERM'),
    kept: () => 'What was measured stays in the journal.',
    log: console.error,
  });
  const { exitCode } = await child;
  giveBack();
  return exitCode ?? 1;
}

await runScript(HELP, main);

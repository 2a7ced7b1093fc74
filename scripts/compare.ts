/** `npm run compare -- BASE HEAD`: did it become slower? Ends with 0 where not, 1 where it did, 2 where none can tell. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { findExperiment } from '../reporters/find-experiment.ts';
import { collectResults, type Results } from '../reporters/results.ts';
import { compareExperiments } from '../reporters/verdict/compare.ts';
import type { Comparison } from '../reporters/verdict/comparison.ts';
import type { Sides } from '../reporters/verdict/comparison-heading.ts';
import { comparisonJson, exitCodeOf } from '../reporters/verdict/comparison-json.ts';
import { comparisonTable } from '../reporters/verdict/comparison-table.ts';
import { MINIMUM_EFFECT } from '../reporters/verdict/options.ts';
import { InputError } from '../setup/errors.ts';
import { readJournal } from '../setup/journal.ts';
import { resolveSettings } from '../setup/settings.ts';
import { writeWhole } from '../setup/write-whole.ts';
import { type CompareArguments, HELP, parseCompareArguments } from './compare-options.ts';
import { runScript } from './run-script.ts';

/** Where nobody knows the width: as wide as a log is comfortably read. */
const LOG_COLUMNS = 120;

function main(): void {
  const asked = parseCompareArguments(process.argv.slice(2));
  if (asked.help) {
    process.stdout.write(HELP);
    return;
  }
  // npm starts scripts in the package's folder and keeps where the person stood in INIT_CWD.
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const places = { results: resolveSettings(process.env, new Date()).resultsDirectory, from };
  const [baseDirectory, headDirectory] = [
    findExperiment(asked.base, places),
    findExperiment(asked.head, places),
  ] as const;
  if (realpathSync(baseDirectory) === realpathSync(headDirectory)) {
    console.error(`Warning: ${asked.base} and ${asked.head} are the same experiment.`);
  }
  const base = { name: asked.base, results: read(asked.base, baseDirectory) };
  const head = { name: asked.head, results: read(asked.head, headDirectory) };
  const comparison = compareExperiments(base.results, head.results, {
    minimumEffect: minimumEffects(asked, [base.results, head.results]),
    ...(asked.significance === undefined ? {} : { significance: asked.significance }),
  });
  print(comparison, asked, { base, head }, from);
  process.exitCode = exitCodeOf(comparison);
}

function read(name: string, directory: string): Results {
  const { records, damaged } = readJournal(directory);
  for (const { line, reason } of damaged) {
    console.error(`Warning: line ${line} of the journal of ${name} is left out: ${reason}`);
  }
  return collectResults(records);
}

/** For every benchmark that there is: the one asked for, else the one for all. */
function minimumEffects(
  { minimumEffect = MINIMUM_EFFECT, minimumEffects: asked }: CompareArguments,
  sides: readonly Results[],
): number | ReadonlyMap<string, number> {
  if (asked.size === 0) return minimumEffect;
  const known = new Set(sides.flatMap(({ benchmarks }) => benchmarks.map(({ name }) => name)));
  const unknown = [...asked.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_BENCHMARK',
      `--minimum-effect names a benchmark "${unknown}", which neither experiment has. There are ${[...known].join(', ')}.`,
    );
  }
  return new Map([...known].map((name) => [name, asked.get(name) ?? minimumEffect]));
}

function print(
  comparison: Comparison,
  { json }: CompareArguments,
  { base, head }: Sides,
  from: string,
): void {
  const text = `${JSON.stringify(comparisonJson(comparison, { base: base.name, head: head.name }), null, 2)}\n`;
  if (json?.to === 'file') writeWhole(path.resolve(from, json.file), text);
  if (json?.to === 'output') process.stdout.write(text);
  if (comparison.state === 'incomparable') {
    console.error(`${base.name} and ${head.name} can't be compared.`);
    for (const difference of comparison.differences) console.error(`  ${difference}`);
  } else if (json?.to !== 'output') {
    const { stdout } = process;
    const columns = stdout.isTTY ? stdout.columns : LOG_COLUMNS;
    const colours = stdout.isTTY && process.env['NO_COLOR'] === undefined;
    process.stdout.write(`${comparisonTable(comparison, { base, head }, { columns, colours })}\n`);
  }
}

await runScript(main);

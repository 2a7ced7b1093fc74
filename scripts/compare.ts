/** `npm run compare -- BASE HEAD`: did it become slower? Ends with 0 where not, 1 where it did, 2 where none can tell. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Results } from '../reporters/model/experiment-results.ts';
import { compareExperiments } from '../reporters/verdict/compare-experiments.ts';
import type { Comparison } from '../reporters/verdict/comparison.ts';
import type { Sides } from '../reporters/verdict/comparison-heading.ts';
import { comparisonJson, exitCodeOf } from '../reporters/verdict/comparison-json.ts';
import { comparisonTable } from '../reporters/verdict/comparison-table.ts';
import { terminalOptions } from '../reporters/terminal/terminal.ts';
import { InputError } from '../setup/lib/errors.ts';
import { writeWhole } from '../setup/lib/write-whole.ts';
import { type CompareArguments, HELP, parseCompareArguments } from './cli/compare-options.ts';
import { placesOfExperiments, readExperiment } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

function main(): void {
  const asked = parseCompareArguments(process.argv.slice(2));
  if (asked.help) {
    process.stdout.write(HELP);
    return;
  }
  const base = readExperiment(asked.base);
  const head = readExperiment(asked.head);
  if (realpathSync(base.directory) === realpathSync(head.directory)) {
    console.error(`Warning: ${asked.base} and ${asked.head} are the same experiment.`);
  }
  const comparison = compareExperiments(base.results, head.results, {
    minimumEffect: minimumEffects(asked, [base.results, head.results]),
    ...(asked.significance === undefined ? {} : { significance: asked.significance }),
  });
  print(comparison, asked, { base, head });
  process.exitCode = exitCodeOf(comparison);
}

/** By benchmark the one asked for, else the one for all; what is left out has its usual one. */
function minimumEffects(
  { minimumEffect: forAll, minimumEffects: asked }: CompareArguments,
  sides: readonly Results[],
): number | ReadonlyMap<string, number> {
  if (asked.size === 0 && forAll !== undefined) return forAll;
  const known = new Set(sides.flatMap(({ benchmarks }) => benchmarks.map(({ name }) => name)));
  const unknown = [...asked.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_BENCHMARK',
      `--minimum-effect names a benchmark "${unknown}", which neither experiment has. There are ${[...known].join(', ')}.`,
    );
  }
  return new Map(
    [...known].flatMap((name) => {
      const effect = asked.get(name) ?? forAll;
      return effect === undefined ? [] : [[name, effect] as const];
    }),
  );
}

function print(comparison: Comparison, { json }: CompareArguments, { base, head }: Sides): void {
  const text = `${JSON.stringify(comparisonJson(comparison, { base: base.name, head: head.name }), null, 2)}\n`;
  if (json?.to === 'file') writeJson(json.file, text);
  if (json?.to === 'output') process.stdout.write(text);
  if (comparison.state === 'incomparable') {
    console.error(`${base.name} and ${head.name} can't be compared.`);
    for (const difference of comparison.differences) console.error(`  ${difference}`);
  } else if (json?.to !== 'output') {
    process.stdout.write(`${comparisonTable(comparison, { base, head }, terminalOptions())}\n`);
  }
}

function writeJson(file: string, text: string): void {
  const whole = path.resolve(placesOfExperiments().from, file);
  try {
    writeWhole(whole, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `--json: ${whole} can't be written: ${why}.`);
  }
}

await runScript(main);

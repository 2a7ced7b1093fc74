/**
 * `npm run compare -- BASE HEAD`: did it become slower? The exit code is 0 if not, 1 if it did, 2 without a verdict.
 */
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
  const parsed = parseCompareArguments(process.argv.slice(2));
  const base = readExperiment(parsed.base);
  const head = readExperiment(parsed.head);
  if (realpathSync(base.directory) === realpathSync(head.directory)) {
    console.error(`Warning: ${parsed.base} and ${parsed.head} are the same experiment.`);
  }
  const comparison = compareExperiments(base.results, head.results, {
    minimumEffect: minimumEffects(parsed, [base.results, head.results]),
    ...(parsed.significance === undefined ? {} : { significance: parsed.significance }),
  });
  print(comparison, parsed, { base, head });
  process.exitCode = exitCodeOf(comparison);
}

/** By benchmark: its own option, otherwise the one for all. Benchmarks without either use the default. */
function minimumEffects(
  { minimumEffect: forAll, minimumEffects: named }: CompareArguments,
  sides: readonly Results[],
): number | ReadonlyMap<string, number> {
  if (named.size === 0 && forAll !== undefined) return forAll;
  const known = new Set(sides.flatMap(({ benchmarks }) => benchmarks.map(({ name }) => name)));
  const unknown = [...named.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_BENCHMARK',
      `--minimum-effect names a benchmark "${unknown}", which neither experiment has. They have ${[...known].join(', ')}.`,
    );
  }
  return new Map(
    [...known].flatMap((name) => {
      const effect = named.get(name) ?? forAll;
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

await runScript(HELP, main);

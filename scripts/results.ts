/**
 * `npm run results -- EXPERIMENT [BENCHMARK]`: prints an experiment's samples as the artifact's results.py does, and
 * makes all its derived files again from its journal.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { artifactText, measuredBenchmarks } from '../reporters/artifact-text.ts';
import { whatThereIs } from '../reporters/find-experiment.ts';
import { writeFiles } from '../reporters/files/index.ts';
import { count } from '../reporters/text.ts';
import { InputError } from '../setup/errors.ts';
import { placesOfExperiments, readExperiment } from './read-experiment.ts';
import { runScript } from './run-script.ts';

const USAGE = 'npm run results -- EXPERIMENT [BENCHMARK]';

async function main(): Promise<void> {
  const { positionals, values } = parse();
  if (values.help) {
    process.stdout.write(`${USAGE}\nEXPERIMENT is "latest", a name under results/, or a path.\n`);
    return;
  }
  const places = placesOfExperiments();
  const [experiment, benchmark, ...rest] = positionals;
  if (experiment === undefined || rest.length > 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `Name one experiment: ${USAGE}. ${whatThereIs(places.results)}`,
    );
  }
  const { results, directory } = await readExperiment(experiment);
  const there = measuredBenchmarks(results);
  if (benchmark !== undefined && !there.includes(benchmark)) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_BENCHMARK',
      `${experiment} has no samples of a benchmark ${JSON.stringify(benchmark)}. It has ${there.join(', ') || 'none at all'}.`,
    );
  }
  process.stdout.write(artifactText(results, benchmark));
  const files = writeFiles(results, directory);
  console.error(
    `Wrote ${count(files.length, 'file')} under ${path.relative(places.from, directory) || '.'}.`,
  );
}

function parse() {
  try {
    return parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `${why}. Usage: ${USAGE}`);
  }
}

await runScript(main);

/**
 * `npm run results -- EXPERIMENT [BENCHMARK]`: prints an experiment's samples like the artifact's results.py, and
 * regenerates all its derived files from its journal.
 */
import path from 'node:path';
import { artifactText, measuredBenchmarks } from '../reporters/terminal/artifact-text.ts';
import { writeFiles } from '../reporters/exporters.ts';
import { count } from '../setup/lib/count.ts';
import { InputError } from '../setup/lib/errors.ts';
import {
  experimentHelp,
  experimentWords,
  placesOfExperiments,
  readExperiment,
} from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run results -- EXPERIMENT [BENCHMARK]';

function main(): void {
  const [experiment, benchmark] = experimentWords(USAGE, 1);
  const { results, directory } = readExperiment(experiment);
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
    `Wrote ${count(files.length, 'file')} under ${path.relative(placesOfExperiments().from, directory) || '.'}.`,
  );
}

await runScript(experimentHelp(USAGE), main);

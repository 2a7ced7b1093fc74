/** An experiment as a person names it to a script: found, read, and what is damaged in its journal told. */
import { findExperiment, type Places } from '../reporters/find-experiment.ts';
import { loadResults } from '../reporters/load.ts';
import type { Results } from '../reporters/results.ts';
import { resolveSettings } from '../setup/settings.ts';

export interface ReadExperiment {
  /** As the person named it. */
  readonly name: string;
  readonly directory: string;
  readonly results: Results;
}

/** Where experiments are looked for. */
export function placesOfExperiments(): Places {
  return {
    results: resolveSettings(process.env, new Date()).resultsDirectory,
    // npm starts scripts in the package's folder and keeps where the person stood in INIT_CWD.
    from: process.env['INIT_CWD'] ?? process.cwd(),
  };
}

/** @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where there is none of that name. */
export async function readExperiment(name: string): Promise<ReadExperiment> {
  const directory = findExperiment(name, placesOfExperiments());
  const { results, damaged } = await loadResults(directory);
  for (const { line, reason } of damaged) {
    console.error(`Warning: line ${line} of the journal of ${name} is left out: ${reason}`);
  }
  return { name, directory, results };
}

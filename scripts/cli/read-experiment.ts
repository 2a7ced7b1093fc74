/** Finds and reads an experiment that a user named, and reports damage in its journal. */
import { findExperiment, type Places, whatThereIs } from '../../reporters/model/find-experiment.ts';
import { loadResults } from '../../reporters/model/load.ts';
import type { Results } from '../../reporters/model/experiment-results.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { describeDamaged } from '../../setup/journal/journal-reader.ts';
import { resolveSettings } from '../../setup/run/settings.ts';
import { parseArguments } from './arguments.ts';

export interface ReadExperiment {
  /** As the user named it. */
  readonly name: string;
  readonly directory: string;
  readonly results: Results;
}

export function placesOfExperiments(): Places {
  return {
    results: resolveSettings(process.env, new Date()).resultsDirectory,
    // npm runs scripts in the package's folder; INIT_CWD has the user's working directory.
    from: process.env['INIT_CWD'] ?? process.cwd(),
  };
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if there is none of that name.
 */
export function readExperiment(name: string): ReadExperiment {
  const directory = findExperiment(name, placesOfExperiments());
  const { results, damaged } = loadResults(directory);
  for (const text of describeDamaged(damaged, name)) console.error(`Warning: ${text}`);
  for (const remark of results.remarks) console.error(`Warning: ${name}: ${remark}`);
  return { name, directory, results };
}

/** What a script that takes an experiment prints for --help. */
export function experimentHelp(usage: string): string {
  return `${usage}\nEXPERIMENT is "latest", a name under results/, or a path.`;
}

/**
 * The arguments of a script that takes an experiment, followed by up to `more` others.
 * @throws {InputError} with one sentence and the usage.
 */
export function experimentWords(usage: string, more = 0): readonly [string, ...string[]] {
  const { positionals } = parseArguments({ allowPositionals: true }, usage);
  const [experiment, ...others] = positionals;
  if (experiment !== undefined && others.length <= more) return [experiment, ...others];
  throw new InputError(
    'NESTBENCH_UNKNOWN_EXPERIMENT',
    `Name one experiment: ${usage}. ${whatThereIs(placesOfExperiments().results)}`,
  );
}

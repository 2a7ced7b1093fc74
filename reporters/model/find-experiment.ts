/** Finds an experiment's journal by the name that a user gives. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { plainLine } from '../../fixtures/plain-text.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';

/** The most that a sentence can name. */
const NAMED = 12;

export interface Places {
  /** The folder of the experiments, `results/`. */
  readonly results: string;
  /** The user's working directory, which relative paths start from. */
  readonly from: string;
}

/**
 * The directory of an experiment. `name` is one under results/ (`latest` is a link there to the newest), or a path to
 * its directory or its journal. A name under results/ takes precedence.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT, which lists the known experiments.
 */
export function findExperiment(name: string, { results, from }: Places): string {
  const given = path.resolve(from, name);
  const candidates = [
    path.join(results, name),
    path.basename(given) === JOURNAL_FILE ? path.dirname(given) : given,
  ];
  const found = name === '' ? undefined : candidates.find(holdsJournal);
  if (found !== undefined) return found;
  throw new InputError(
    'NESTBENCH_UNKNOWN_EXPERIMENT',
    `There is no experiment ${JSON.stringify(name)}, neither under ${results} nor as a path. ${whatThereIs(results)}`,
  );
}

/** A sentence that names the experiments under `results`. */
export function whatThereIs(results: string): string {
  const names = existsSync(results)
    ? readdirSync(results).filter((name) => holdsJournal(path.join(results, name)))
    : [];
  if (names.length === 0) return 'There are none yet. To run one: npx vitest run suites/l1';
  // Most are named after their start, so the last ones are the newest, and `latest` follows them.
  const last = names.toSorted().slice(-NAMED);
  return plainLine(
    `Known are ${names.length > NAMED ? `${names.length - NAMED} others, ` : ''}${last.join(', ')}.`,
  );
}

function holdsJournal(directory: string): boolean {
  return existsSync(path.join(directory, JOURNAL_FILE));
}

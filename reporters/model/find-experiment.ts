/** Where an experiment's journal is, by the name that a person gives. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { plainLine } from '../../fixtures/plain-text.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';

/** As many as a sentence can name. */
const NAMED = 12;

export interface Places {
  /** The folder that holds the experiments, `results/`. */
  readonly results: string;
  /** What a relative path is relative to: where the person stands. */
  readonly from: string;
}

/**
 * The directory of an experiment: `name` is one under results/ (`latest` is a link there to the newest), or a path to
 * its directory or its journal. A name under results/ goes before a path.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT, which tells what there is.
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
  if (names.length === 0) return 'There are none yet: npx vitest run suites/l1 makes one.';
  // Most are named by their start, so the last ones are the newest, and `latest` follows them.
  const last = names.toSorted().slice(-NAMED);
  return plainLine(
    `Known are ${names.length > NAMED ? `${names.length - NAMED} others, ` : ''}${last.join(', ')}.`,
  );
}

function holdsJournal(directory: string): boolean {
  return existsSync(path.join(directory, JOURNAL_FILE));
}

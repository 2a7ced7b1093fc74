/** `npm run report -- EXPERIMENT`: makes an experiment's `report.html` again from its journal, and prints its path. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { reportFile } from '../reporters/files/report.ts';
import { findExperiment, whatThereIs } from '../reporters/find-experiment.ts';
import { collectResults } from '../reporters/results.ts';
import { InputError } from '../setup/errors.ts';
import { readJournal } from '../setup/journal.ts';
import { resolveSettings } from '../setup/settings.ts';
import { runScript } from './run-script.ts';

const USAGE = 'npm run report -- EXPERIMENT';

function main(): void {
  const { positionals, values } = parse();
  if (values.help) {
    process.stdout.write(`${USAGE}\nEXPERIMENT is "latest", a name under results/, or a path.\n`);
    return;
  }
  const { resultsDirectory } = resolveSettings(process.env, new Date());
  const [experiment, ...rest] = positionals;
  if (experiment === undefined || rest.length > 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `Name one experiment: ${USAGE}. ${whatThereIs(resultsDirectory)}`,
    );
  }
  // npm starts scripts in the package's folder and keeps where the person stood in INIT_CWD.
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const directory = findExperiment(experiment, { results: resultsDirectory, from });
  const { records, damaged } = readJournal(directory);
  for (const { line, reason } of damaged) {
    console.error(`Warning: line ${line} of the journal is left out: ${reason}`);
  }
  for (const file of reportFile.write(collectResults(records), directory)) {
    process.stdout.write(`${path.join(directory, file)}\n`);
  }
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

/** `npm run report -- EXPERIMENT`: generates an experiment's `report.html` from its journal, and prints its path. */
import path from 'node:path';
import { reportFile } from '../reporters/report/report-file.ts';
import { experimentHelp, experimentWords, readExperiment } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run report -- EXPERIMENT';

function main(): void {
  const [experiment] = experimentWords(USAGE);
  const { results, directory } = readExperiment(experiment);
  for (const file of reportFile.write(results, directory)) {
    process.stdout.write(`${path.join(directory, file)}\n`);
  }
}

await runScript(experimentHelp(USAGE), main);

/** `npm run report -- EXPERIMENT`: generates an experiment's `report.html` from its journal, and prints its path. */
import path from 'node:path';
import { reportFile } from '../reporters/report/report-file.ts';
import { experimentWords, readExperiment } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

function main(): void {
  const words = experimentWords('npm run report -- EXPERIMENT');
  if (words === undefined) return;
  const { results, directory } = readExperiment(words[0]);
  for (const file of reportFile.write(results, directory)) {
    process.stdout.write(`${path.join(directory, file)}\n`);
  }
}

await runScript(main);

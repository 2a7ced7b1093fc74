/** `npm run clean`: the same as `npm run cache -- clean`. */
import { parseArguments } from './cli/arguments.ts';
import { clean } from './cli/cache-clean.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run clean [-- --snapshots], where --snapshots keeps kernels and images';

await runScript(USAGE, async () => {
  const { values } = parseArguments({ options: { snapshots: { type: 'boolean', default: false } } }, USAGE);
  await clean(values);
});

/** `npm run clean`: as `npm run cache -- clean`. */
import { HELP, parseArguments } from './cli/arguments.ts';
import { clean } from './cli/cache-clean.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run clean [-- --snapshots], which leaves kernels and images where they are';

await runScript(async () => {
  const { values } = parseArguments(
    {
      args: process.argv.slice(2),
      options: {
        ...HELP,
        snapshots: { type: 'boolean', default: false },
      },
    },
    USAGE,
  );
  if (values.help) console.log(USAGE);
  else await clean(values);
});

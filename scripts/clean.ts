/** `npm run clean`: the same as `npm run cache -- clean`. */
import { HELP, parseArguments } from './cli/arguments.ts';
import { clean } from './cli/cache-clean.ts';
import { runScript } from './cli/run-script.ts';

const USAGE = 'npm run clean [-- --snapshots], where --snapshots keeps kernels and images';

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

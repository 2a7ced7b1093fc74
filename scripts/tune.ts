/** `npm run tune -- on|off`: makes the machines of a physical testbed quiet, or puts back exactly what was there. */
import { InputError } from '../setup/errors.ts';
import { connectOpenssh } from '../setup/machine/openssh.ts';
import { tune, untune } from '../setup/testbed/physical/tune.ts';
import { targetOf } from '../setup/testbed/physical/description.ts';
import { parseArguments } from './arguments.ts';
import { runScript } from './run-script.ts';
import { physicalTestbed } from './testbed-option.ts';

const USAGE = 'npm run tune -- on|off [--testbed FILE]';
const CONNECT_SECONDS = 30;

await runScript(async () => {
  const { values, positionals } = parseArguments(
    { args: process.argv.slice(2), allowPositionals: true, options: { testbed: { type: 'string' } } },
    USAGE,
  );
  const [what] = positionals;
  if ((what !== 'on' && what !== 'off') || positionals.length > 1) {
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `Say on or off. Usage: ${USAGE}`);
  }
  const testbed = physicalTestbed(values.testbed, USAGE);
  const { signal } = new AbortController();
  for (const name of ['client', 'server'] as const) {
    const { directory } = testbed[name];
    const target = targetOf(testbed, name);
    await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: CONNECT_SECONDS });
    const changes = await (what === 'on' ? tune : untune)(machine, directory, signal);
    console.log(`${name}: ${changes.length === 0 ? 'nothing to do' : changes.join('; ')}`);
  }
});

/**
 * `npm run tune -- on|off`: makes the machines of a physical testbed quiet, or restores exactly the previous settings.
 */
import { InputError } from '../setup/lib/errors.ts';
import { tune, untune } from '../setup/testbed/physical/tuning.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { onBothMachines, physicalTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run tune -- on|off [--testbed FILE]';

await runScript(USAGE, async () => {
  const { values, positionals } = parseArguments(
    { allowPositionals: true, options: { testbed: { type: 'string' } } },
    USAGE,
  );
  const [what] = positionals;
  if ((what !== 'on' && what !== 'off') || positionals.length > 1) {
    throw new InputError('NESTBENCH_UNKNOWN_SETTING', `Say on or off. Usage: ${USAGE}`);
  }
  const testbed = physicalTestbed(values.testbed, USAGE);
  await onBothMachines(testbed, 'nothing to do', what === 'on' ? tune : untune);
});

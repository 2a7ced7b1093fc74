/** `npm run plan -- CELL`: prints the complete plan of a cell without starting anything. */
import { CELLS, findCell } from '../fixtures/matrix.ts';
import { InputError } from '../setup/lib/errors.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { loadTestbed, testbedKind } from '../setup/testbed/testbeds.ts';
import { parseArguments, unknownSetting } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { selectedTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run plan -- CELL [--micro] [--testbed FILE]';

await runScript(USAGE, async () => {
  const { positionals, values } = parseArguments(
    {
      allowPositionals: true,
      options: { micro: { type: 'boolean', default: false }, testbed: { type: 'string' } },
    },
    USAGE,
  );
  const [name = '', ...others] = positionals;
  if (others.length > 0)
    throw unknownSetting(`A plan is of one cell, and "${others.join(' ')}" is one more.`, USAGE);
  const kind = values.micro ? 'micro' : 'application';
  const cell = findCell(name);
  if (cell === undefined) {
    const there = CELLS.map((each) => each.name).join(', ');
    throw new InputError(
      'NESTBENCH_UNKNOWN_CELL',
      `There is no cell "${name}". Usage: ${USAGE}, where CELL is one of ${there}.`,
    );
  }
  const settings = resolveSettings({ ...process.env, TESTBED: selectedTestbed(values.testbed) }, new Date());
  const testbed = await loadTestbed(testbedKind(settings.testbed));
  process.stdout.write(`${await testbed.describe(cell, kind, settings)}\n`);
});

/** `npm run build`: builds everything that the testbed's cells boot from, and starts nothing. */
import { Phases } from '../setup/lib/phase-clock.ts';
import { textTable } from '../setup/lib/text-table.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { loadTestbed, testbedKind } from '../setup/testbed/testbeds.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { stoppable } from './cli/stoppable.ts';
import { selectedTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run build [-- --testbed FILE]';

await runScript(USAGE, async () => {
  const { values } = parseArguments({ options: { testbed: { type: 'string' } } }, USAGE);
  const settings = resolveSettings({ ...process.env, TESTBED: selectedTestbed(values.testbed) }, new Date());
  const testbed = await loadTestbed(testbedKind(settings.testbed));
  await stoppable(async (signal) => {
    await using held = new AsyncDisposableStack();
    const built = await testbed.build(settings, { held, phases: new Phases(), signal, log: console.error });
    console.log(textTable(built.map(({ what, version, hash }) => [what, version, hash])).join('\n'));
    console.log('Everything is in the cache. A run builds nothing of it again.');
  });
});

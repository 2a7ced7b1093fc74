/** `npm run plan -- CELL`: prints the whole plan of a cell without starting anything. */
import { CELLS, configurationOf, findCell } from '../fixtures/matrix.ts';
import { sizingFor } from '../fixtures/sizing.ts';
import { InputError } from '../setup/lib/errors.ts';
import { describeQemu } from '../setup/testbed/emulated/host-qemu.ts';
import { describeHost, hostVirtualization } from '../setup/testbed/host-resources.ts';
import { describePlan } from '../setup/testbed/emulated/describe-plan.ts';
import { planStack } from '../setup/testbed/emulated/stack-plan.ts';
import { describePhysical } from '../setup/testbed/physical/describe-physical.ts';
import { runtimeDirectory } from '../setup/testbed/runtime.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { HELP, parseArguments, unknownSetting } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { chosenTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run plan -- CELL [--micro] [--testbed FILE]';

await runScript(async () => {
  const { positionals, values } = parseArguments(
    {
      allowPositionals: true,
      options: { ...HELP, micro: { type: 'boolean', default: false }, testbed: { type: 'string' } },
    },
    USAGE,
  );
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [name = '', ...others] = positionals;
  if (others.length > 0)
    throw unknownSetting(`One cell has a plan, and "${others.join(' ')}" is more.`, USAGE);
  const kind = values.micro ? 'micro' : 'application';
  const cell = findCell(name);
  if (cell === undefined) {
    const there = CELLS.map((each) => each.name).join(', ');
    throw new InputError(
      'NESTBENCH_UNKNOWN_CELL',
      `There is no cell "${name}". Usage: ${USAGE}, where CELL is one of ${there}.`,
    );
  }
  const testbed = chosenTestbed(values.testbed);
  if (testbed !== undefined) {
    process.stdout.write(`${describePhysical(testbed, cell)}\n`);
    return;
  }
  const reason = configurationOf(cell).notEmulated;
  if (reason !== undefined) throw new InputError('NESTBENCH_UNKNOWN_CELL', `${cell.name}: ${reason}.`);
  const { accelerator } = await hostVirtualization();
  const { variant, clock: asked } = resolveSettings(process.env, new Date());
  const { qemu } = variant;
  const { card } =
    qemu === undefined ? { card: 'igb' as const } : await describeQemu(new AbortController().signal, qemu);
  const plan = planStack(cell, {
    accelerator,
    card,
    variant,
    kind,
    clock: asked ?? (kind === 'micro' && accelerator === 'tcg' ? 'virtual' : 'real'),
    sizing: sizingFor(describeHost()),
    // The cache names these by their contents' hash, which only a build knows; the rate is measured at each start.
    tscKhz: '$TSC_KHZ',
    paths: {
      kernel: '$KERNEL',
      image: '$IMAGE',
      emulator: '$EMULATOR',
      zstd: '$ZSTD',
      runtime: runtimeDirectory(),
    },
  });
  process.stdout.write(`${describePlan(plan)}\n`);
});

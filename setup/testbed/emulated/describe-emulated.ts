/** The plan of a cell, or of a run of several, on the emulated testbed, for `npm run plan`, before anything is built. */
import type { BenchmarkKind } from '../../../fixtures/benchmarks/benchmark.ts';
import { BENCHMARK_NAMES, isMicrobenchmark } from '../../../fixtures/benchmarks/index.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import { sizingFor } from '../../../fixtures/sizing.ts';
import { InputError } from '../../lib/errors.ts';
import type { Settings } from '../../run/settings.ts';
import type { AskedSideBySide } from '../../run/side-by-side.ts';
import { describeHost } from '../host-resources.ts';
import { readHostCpus } from '../host-topology.ts';
import { runtimeDirectory } from '../runtime.ts';
import { describeLanes } from './describe-lanes.ts';
import { describePlan } from './describe-plan.ts';
import { chooseAccelerator } from './choose-accelerator.ts';
import { clocksOf, whyNotEmulated } from './emulated-experiment.ts';
import { emulatedLanes } from './emulated-lanes.ts';
import { describeQemu } from './host-qemu.ts';
import { planStack } from './stack-plan.ts';

/** Which cells run side by side, and on which CPUs of the host. */
export async function describeRun(
  cells: readonly Cell[],
  kind: BenchmarkKind,
  settings: Settings,
  asked: AskedSideBySide | undefined,
): Promise<string> {
  const said: string[] = [];
  const benchmarks = BENCHMARK_NAMES.filter((name) => isMicrobenchmark(name) === (kind === 'micro'));
  const requests = cells.map((cell) => ({ cell, benchmarks }));
  const { accelerator, reason } = await chooseAccelerator(settings);
  const described = describeLanes({
    cells,
    lanes: await emulatedLanes(requests, settings, asked, (line) => void said.push(line)),
    cpus: await readHostCpus(),
    clock: clocksOf(settings.clock, accelerator)[kind],
    sizing: sizingFor(describeHost()),
  });
  return `${[reason, ...said].join('\n')}\n\n${described}`;
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_CELL if the cell can't be measured there.
 */
export async function describeEmulated(
  cell: Cell,
  kind: BenchmarkKind,
  settings: Pick<Settings, 'variant' | 'clock' | 'accelerator'>,
): Promise<string> {
  const reason = whyNotEmulated(cell);
  if (reason !== undefined) throw new InputError('NESTBENCH_UNKNOWN_CELL', `${cell.name}: ${reason}.`);
  const { accelerator, reason: choice } = await chooseAccelerator(settings);
  const { variant, clock } = settings;
  const { qemu } = variant;
  const { card } =
    qemu === undefined ? { card: 'igb' as const } : await describeQemu(new AbortController().signal, qemu);
  const plan = planStack(cell, {
    accelerator,
    card,
    variant,
    kind,
    clock: clocksOf(clock, accelerator)[kind],
    sizing: sizingFor(describeHost()),
    hostCpus: accelerator === 'kvm' ? await readHostCpus() : undefined,
    // The cache names these by a hash that only a build knows; the rate is measured at each start.
    tscKhz: '$TSC_KHZ',
    paths: {
      kernel: '$KERNEL',
      image: '$IMAGE',
      emulator: '$EMULATOR',
      tools: '$TOOLS',
      runtime: runtimeDirectory(),
    },
  });
  return `${choice}\n\n${describePlan(plan)}`;
}

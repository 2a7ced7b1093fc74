/** Which cells of a run can run side by side on this host: by its CPUs and its memory, and by the plans of their stacks. */
import { totalmem } from 'node:os';
import type { BenchmarkKind } from '../../../fixtures/benchmarks/benchmark.ts';
import { isMicrobenchmark } from '../../../fixtures/benchmarks/index.ts';
import type { Clock } from '../../../fixtures/clock.ts';
import type { Lane } from '../../../fixtures/host-cpus.ts';
import { planLanes, type StackNeeds } from '../../../fixtures/lanes.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import { memoryMiBAt, type Sizing, sizingFor } from '../../../fixtures/sizing.ts';
import { InputError } from '../../lib/errors.ts';
import type { Request } from '../../run/selection.ts';
import type { AskedSideBySide } from '../../run/side-by-side.ts';
import type { Settings } from '../../run/settings.ts';
import { availableMemory, describeHost } from '../host-resources.ts';
import { describedCpus, readHostCpus } from '../host-topology.ts';
import { chooseAccelerator } from './choose-accelerator.ts';
import { clocksOf } from './emulated-experiment.ts';
import { vcpusOf } from './stack-plan.ts';

/**
 * The maximum that a QEMU needs besides its guest's memory: TCG's code buffer (DEFAULT_CODE_GEN_BUFFER_SIZE,
 * tcg/region.c).
 */
const QEMU_MIB = 1024;

/**
 * @param asked undefined for as many as the host has room for.
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if so many do not fit.
 */
export async function emulatedLanes(
  requests: readonly Request[],
  settings: Pick<Settings, 'accelerator' | 'clock' | 'folder'>,
  asked: AskedSideBySide | undefined,
  say: (line: string) => void,
): Promise<readonly Lane[]> {
  if (asked?.count === 1 || (asked === undefined && requests.length < 2)) return [];
  const { accelerator } = await chooseAccelerator(settings);
  const clocks = clocksOf(settings.clock, accelerator);
  const host = describeHost();
  const sizing = sizingFor(host);
  const { bytes: availableBytes } = await availableMemory();
  const cpus = await readHostCpus();
  const busyCpus = describedCpus() === undefined ? host.cpus : cpus.length;
  const planned = planLanes(
    { cpus, busyCpus, memoryBytes: totalmem(), availableBytes },
    requests.map((request) => needsOf(request, clocks, sizing)),
    asked?.count,
  );
  if ('fit' in planned) throw tooMany(asked, planned, settings.folder);
  const { lanes, usual } = planned;
  if (usual !== undefined) {
    say(
      `Usually ${usual.count} cells run side by side on this host, and now ${Math.max(1, lanes.length)}: ${usual.why}. The numbers can't be compared with those of other runs.`,
    );
  }
  return lanes;
}

function tooMany(
  asked: AskedSideBySide | undefined,
  { fit, why }: { readonly fit: number; readonly why: string },
  experiment: string,
): InputError {
  const begun = `Experiment "${experiment}" was begun with ${asked?.count} cells side by side`;
  const [what, advice] =
    asked?.by === 'experiment'
      ? [begun, "Its numbers can't be compared with others, so make room, or select another EXPERIMENT."]
      : [
          `PARALLEL is ${asked?.count}`,
          fit === 1 ? 'Leave it out.' : `Set it to at most ${fit}, or leave it out.`,
        ];
  return new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `${what}, but so many do not fit: ${why}. Of so many, ${fit} ${fit === 1 ? 'fits' : 'fit'}. ${advice}`,
  );
}

/** Of its larger stack, if its applications and its microbenchmarks have one each. */
function needsOf(
  { cell, benchmarks }: Request,
  clocks: Readonly<Record<BenchmarkKind, Clock>>,
  sizing: Sizing,
): StackNeeds {
  const areMicro = benchmarks.length > 0 && benchmarks.every(isMicrobenchmark);
  return {
    vcpus: vcpusOf(cell, clocks[areMicro ? 'micro' : 'application'], sizing),
    memoryBytes: memoryBytesOf(cell, sizing),
  };
}

/** What the machines of a cell's stack need together. */
export function memoryBytesOf({ level }: Cell, sizing: Sizing): number {
  const guests = memoryMiBAt(sizing, 0, level) + sizing.memoryMiB;
  return (guests + QEMU_MIB * (level > 0 ? 2 : 1)) * 2 ** 20;
}

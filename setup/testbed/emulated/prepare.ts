/** What an experiment is measured on, by the testbed that was asked for: everything before the first boot. */
import type { ExperimentRecord } from '../../../fixtures/records.ts';
import { type Sizing, sizingFor } from '../../../fixtures/sizing.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import type { Emulator } from '../../build/qemu/emulator.ts';
import type { Chosen } from '../../run/selection.ts';
import { checkExperiment, type Environment } from '../../run/experiment-record.ts';
import { describeHost, hostVirtualization } from '../host-resources.ts';
import type { ProvidedExperiment } from '../provided.ts';
import type { Settings } from '../../run/settings.ts';
import { cpuOption } from '../../stack/qemu-argv.ts';
import { Phases } from '../../lib/phase-clock.ts';
import { type Prepared, type PrepareOptions, prepareTestbed } from './build-testbed.ts';
import { EMULATED_CPU } from './emulated-qemu.ts';
import { runtimeDirectory } from '../runtime.ts';

export type ExperimentOptions = Pick<PrepareOptions, 'held' | 'onTestbed' | 'signal' | 'log'>;

/** What workers are given but for the results' directory, and what the experiment's record says. */
export interface PreparedExperiment {
  readonly made: Omit<ProvidedExperiment, 'directory' | 'prefetched'>;
  readonly environment: Environment;
}

export async function prepareExperiment(
  chosen: Chosen,
  settings: Settings,
  options: ExperimentOptions,
): Promise<PreparedExperiment> {
  const { testbedFile } = settings;
  if (testbedFile === undefined) return prepareEmulated(chosen, settings, options);
  // A run on the emulated testbed does not wait for these modules.
  const { preparePhysicalExperiment } = await import('../physical/prepare-experiment.ts');
  return preparePhysicalExperiment(testbedFile, chosen, settings, options);
}

async function prepareEmulated(
  { measured: cells }: Chosen,
  settings: Settings,
  options: ExperimentOptions,
): Promise<PreparedExperiment> {
  const { log } = options;
  const phases = new Phases();
  const host = describeHost();
  const sizing = sizingFor(host);
  const { accelerator, reason } = await hostVirtualization();
  const testbed: ExperimentRecord['testbed'] = {
    kind: 'emulated',
    accelerator,
    settings: describeTestbed(accelerator, sizing),
  };
  checkExperiment(settings, testbed);
  phases.lap('checks');
  let built: Prepared | undefined;
  if (cells.length > 0) {
    log(reason);
    const { waitMinutes, variant } = settings;
    built = await prepareTestbed({
      ...options,
      cells,
      sizing,
      variant,
      accelerator,
      waitMinutes,
    });
  }
  return {
    made: {
      ...chosenBy(settings),
      accelerator,
      sizing,
      // Where nothing boots, nothing is asked of it.
      card: built?.qemu.card ?? 'igb',
      paths: {
        kernel: built?.kernel.vmlinux ?? '',
        image: built?.image.file ?? '',
        emulator: built?.emulator.program ?? '',
        zstd: built?.emulator.zstd ?? '',
        runtime: runtimeDirectory(),
      },
      tscKhz: built?.tscKhz,
      kernelRelease: built?.kernel.release ?? '',
      ingredients: {
        kernel: built?.kernel.hash ?? '',
        image: built?.image.hash ?? '',
        qemu: built?.qemu.identity ?? '',
      },
      physical: undefined,
    },
    environment: {
      testbed,
      host,
      versions: built === undefined ? {} : versionsOf(built, settings.variant),
      phases: [...phases.list, ...(built?.phases ?? [])],
    },
  };
}

/** What workers are told of what the person chose. */
export function chosenBy({ experiment, profile, variant, clock, boot, snapshotBytes }: Settings) {
  return { name: experiment, profile, variant, clock, boot, snapshotBytes };
}

/** The settings of the emulated machine that shape its numbers, by name. */
function describeTestbed(accelerator: 'tcg' | 'kvm', sizing: Sizing): Record<string, string> {
  return {
    cpu: accelerator === 'tcg' ? cpuOption(EMULATED_CPU) : 'host',
    mitigations: accelerator === 'tcg' ? 'off' : "the kernel's default",
    sizing: describeSizing(sizing),
  };
}

export function describeSizing({ cpus, memoryMiB }: Sizing): string {
  return `${cpus.last} CPU at the level under test, ${cpus.reservedOnServer} kept by L0, ${cpus.reservedInGuests} by each level between; ${memoryMiB} MiB a level`;
}

/** The emulator's part of the record's versions: the toolchain alone where a variant's own QEMU takes its place. */
export function emulatorVersions(
  { madeOf }: Pick<Emulator, 'madeOf'>,
  { qemu }: Variant,
): Record<string, string> {
  const all = Object.entries(madeOf);
  return Object.fromEntries(all.filter(([name]) => qemu === undefined || !name.startsWith('emulator ')));
}

function versionsOf({ kernel, emulator, image, qemu }: Prepared, variant: Variant): Record<string, string> {
  return {
    kernel: kernel.release,
    ...kernel.madeOf,
    ...emulatorVersions(emulator, variant),
    image: image.hash,
    'qemu of the host': qemu.version,
    'network card': qemu.card,
    ...image.packages,
  };
}

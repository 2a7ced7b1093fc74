/** What an experiment is measured on, by the testbed that was asked for: everything before the first boot. */
import type { ExperimentRecord } from '../fixtures/records.ts';
import { type Sizing, sizingFor } from '../fixtures/sizing.ts';
import type { Chosen } from './chosen.ts';
import { InputError } from './errors.ts';
import { checkExperiment, type Environment } from './experiment.ts';
import { describeHost, hostVirtualization } from './host/resources.ts';
import { measureTscKhz } from './host/tsc.ts';
import type { ProvidedExperiment } from './provided.ts';
import type { Settings } from './settings.ts';
import { EMULATED_CPU } from './stack/qemu-argv.ts';
import { Phases } from './stack/phases.ts';
import type { TestbedDescription } from '../fixtures/testbed.ts';
import { hashOf } from './build/hash.ts';
import { whyNotPhysical } from './testbed/physical/plan.ts';
import { readTestbed } from './testbed/physical/description.ts';
import { preparePhysical } from './testbed/physical/prepare.ts';
import { type Prepared, type PrepareOptions, prepareTestbed } from './testbed/prepare.ts';
import { runtimeDirectory } from './testbed/runtime.ts';

export type ExperimentOptions = Pick<PrepareOptions, 'held' | 'onTestbed' | 'signal' | 'log'>;

/** What workers are given but for the results' directory, and what the experiment's record says. */
export interface PreparedExperiment {
  readonly made: Omit<ProvidedExperiment, 'directory' | 'prefetched'>;
  readonly environment: Environment;
}

export function prepareExperiment(
  chosen: Chosen,
  settings: Settings,
  options: ExperimentOptions,
): Promise<PreparedExperiment> {
  const { testbedFile } = settings;
  return testbedFile === undefined
    ? prepareEmulated(chosen, settings, options)
    : preparePhysicalExperiment(testbedFile, chosen, settings, options);
}

async function prepareEmulated(
  { measured: cells, hasMicrobenchmarks }: Chosen,
  settings: Settings,
  options: ExperimentOptions,
): Promise<PreparedExperiment> {
  const { signal, log } = options;
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
    const { waitMinutes, variant, clock } = settings;
    const virtualTime =
      accelerator === 'tcg' && hasMicrobenchmarks && clock !== 'real' && variant.qemu === undefined;
    built = await prepareTestbed({ ...options, cells, sizing, variant, virtualTime, waitMinutes });
  }
  const beforeClock = new Phases();
  // KVM tells its guests the rate: only an emulated kernel has to be told.
  const tscKhz = built !== undefined && accelerator === 'tcg' ? await measureTscKhz(signal) : undefined;
  beforeClock.lap('TSC rate');
  return {
    made: {
      ...chosenBy(settings),
      accelerator,
      sizing,
      // Where nothing boots, nothing is asked of it.
      card: built?.qemu.card ?? 'virtio-net-pci',
      paths: {
        kernel: built?.kernel.vmlinux ?? '',
        image: built?.image.file ?? '',
        emulator: built?.emulator?.program,
        runtime: runtimeDirectory(),
      },
      tscKhz,
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
      versions: built === undefined ? {} : versionsOf(built),
      phases: [...phases.list, ...(built?.phases ?? []), ...beforeClock.list],
    },
  };
}

async function preparePhysicalExperiment(
  file: string,
  { measured: cells }: Chosen,
  settings: Settings,
  options: ExperimentOptions,
): Promise<PreparedExperiment> {
  const { waitMinutes, variant, clock } = settings;
  if (clock === 'virtual') {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      'CLOCK is "virtual", and TESTBED names physical machines: their time is real.',
    );
  }
  const description = readTestbed(file);
  const prepared = await preparePhysical({
    ...options,
    testbed: description,
    cells: cells.filter((cell) => whyNotPhysical(cell) === undefined),
    variant,
    waitMinutes,
    onSized: (sizing) => checkExperiment(settings, describePhysicalTestbed(description, sizing)),
  });
  const { physical, sizing, built, host, versions, phases } = prepared;
  const testbed = describePhysicalTestbed(description, sizing);
  return {
    made: {
      ...chosenBy(settings),
      accelerator: 'kvm',
      sizing,
      card: 'virtio-net-pci',
      paths: { kernel: built.kernel.vmlinux, image: built.image.file, runtime: runtimeDirectory() },
      tscKhz: undefined,
      kernelRelease: built.kernel.release,
      ingredients: { kernel: built.kernel.hash, image: built.image.hash, qemu: '' },
      physical,
    },
    environment: { testbed, host, versions, phases: [...phases] },
  };
}

function describePhysicalTestbed(
  { server, client, software }: TestbedDescription,
  sizing: Sizing,
): ExperimentRecord['testbed'] {
  return {
    kind: 'physical',
    accelerator: 'none',
    settings: {
      server: server.ssh,
      client: client.ssh,
      // All that the testbed file says of kernels, parameters and QEMUs: with others it is another experiment.
      software:
        typeof software === 'string'
          ? software
          : `own, of ${Object.keys(software).join(', ')} (${hashOf(software)})`,
      mitigations: "the kernels' default, unless their parameters say otherwise",
      sizing: describeSizing(sizing),
    },
  };
}

function chosenBy({ experiment, profile, variant, clock, boot, snapshotBytes }: Settings) {
  return { name: experiment, profile, variant, clock, boot, snapshotBytes };
}

/** The settings of the emulated machine that shape its numbers, by name. */
function describeTestbed(accelerator: 'tcg' | 'kvm', sizing: Sizing): Record<string, string> {
  return {
    cpu: accelerator === 'tcg' ? EMULATED_CPU : 'host',
    mitigations: accelerator === 'tcg' ? 'off' : "the kernel's default",
    sizing: describeSizing(sizing),
  };
}

function describeSizing({ cpus, memoryMiB }: Sizing): string {
  return `${cpus.last} CPU at the level under test, ${cpus.reservedOnServer} kept by L0, ${cpus.reservedInGuests} by each level between; ${memoryMiB} MiB a level`;
}

function versionsOf({ kernel, image, qemu, emulator }: Prepared): Record<string, string> {
  return {
    kernel: kernel.release,
    image: image.hash,
    'qemu of the host': qemu.version,
    'network card': qemu.card,
    ...(emulator && { 'qemu of virtual time': `${emulator.version}, patched (${emulator.hash})` }),
    ...image.packages,
  };
}

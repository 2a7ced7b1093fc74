/**
 * Everything before the first boot on a physical testbed: takes it, checks its machines, builds, and installs the
 * kernels on them.
 */
import type { Cell } from '../../../fixtures/matrix.ts';
import type { Loaders } from '../../../fixtures/benchmarks/index.ts';
import { memcachedByMemtier, MEMTIER } from '../../../fixtures/benchmarks/memtier.ts';
import { memtierOf, whyNotPhysical } from '../../../fixtures/physical-software.ts';
import type { ExperimentRecord } from '../../../fixtures/records.ts';
import { describeSizing, physicalSizingFor, type Sizing } from '../../../fixtures/sizing.ts';
import { type Storage, storageOf } from '../../../fixtures/storage.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import { InputError } from '../../lib/errors.ts';
import { hashOf } from '../../lib/hash.ts';
import { checkExperiment, loaderSetting } from '../../run/experiment-record.ts';
import type { Selection } from '../../run/selection.ts';
import type { Settings } from '../../run/settings.ts';
import { runtimeDirectory, takeHost } from '../runtime.ts';
import type { Prepared, PrepareOptions } from '../testbed.ts';
import { buildForCells } from './build-software.ts';
import { cardOf } from './card.ts';
import { examineImages, identifyImages, imageSettings, type OwnImages } from './own-image.ts';
import { readTestbed } from './testbed-file.ts';
import type { PhysicalExperiment } from './physical-experiment.ts';
import { checkMachines, installKernels } from './prepare-machines.ts';
import { softwareVersions } from './software-versions.ts';

/**
 * @throws {InputError} NESTBENCH_BAD_TESTBED if it requires what can't be built; NESTBENCH_CHECK_FAILED with what `npm
 * run doctor` finds wrong; what building and copying throw.
 */
export async function preparePhysical(
  { cells: selected }: Selection,
  settings: Settings,
  options: PrepareOptions,
): Promise<Prepared<PhysicalExperiment>> {
  const { waitMinutes, variant, profile } = settings;
  const { phases, signal } = options;
  assertReal(settings);
  const testbed = readTestbed(settings.testbed);
  // What is known before the machines are contacted; the server's card only afterwards.
  const cells = measurable(selected, { testbed });
  assertBuilt(variant);
  const examined = await examineImages(testbed);
  await takeHost({ ...options, waitMinutes });
  phases.lap('testbed');
  const images = await identifyImages(examined, signal);
  const { client, server } = await checkMachines(testbed, signal);
  const { cpuModel = 'unknown', release: running = '', memoryBytes, cpus } = server;
  const host = { cpuModel, cpus: Number(cpus), memoryBytes: Number(memoryBytes), kernel: running };
  const sizing = physicalSizingFor(host);
  const storage = storageOf(testbed, profile);
  const described = describeTestbed(testbed, sizing, storage, images);
  const loaders: Loaders = memtierOf(testbed) === undefined ? {} : { [memcachedByMemtier.name]: MEMTIER };
  checkExperiment(settings, described);
  phases.lap('machines');
  const card = cardOf(server, testbed.server);
  const measured = measurable(cells, { testbed, card });
  const { image, kernel, software, kernels, qemus, memtier } = await buildForCells(
    testbed,
    measured,
    variant,
    options,
  );
  const installed = {
    client: await installKernels('client', software, kernels, { testbed, signal }),
    server: await installKernels('server', software, kernels, { testbed, signal }),
  };
  phases.lap('kernels on the machines');
  return {
    experiment: {
      kind: 'physical',
      clocks: { application: 'real', micro: 'real' },
      testbed,
      card,
      sizing,
      installed,
      kernels,
      qemus,
      storage,
      loaders,
      images,
      ...(memtier && { memtier }),
      clientCpus: Number(client['onlineCpus'] ?? 1),
      image: { file: image.file, hash: image.hash },
      kernelRelease: kernel.release,
      runtime: runtimeDirectory(),
    },
    environment: {
      testbed: described,
      host,
      versions: {
        kernel: kernel.release,
        ...kernel.madeOf,
        // By its presence compare and history know that a toolchain has versions.
        toolchain: image.toolchain,
        ...softwareVersions(software, { kernels, qemus, installed }),
        ...(memtier && { memtier_benchmark: `${memtier.commit.slice(0, 12)} (${memtier.hash})` }),
        image: image.hash,
        ...image.packages,
      },
    },
  };
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING: only an emulated server has a virtual clock, or an accelerator.
 */
export function assertReal({ clock, accelerator }: Pick<Settings, 'clock' | 'accelerator'>): void {
  if (accelerator !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `ACCELERATOR is "${accelerator}", and TESTBED names physical machines: leave it out.`,
    );
  }
  if (clock === 'virtual') {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      'CLOCK is "virtual", and TESTBED names physical machines: their time is real.',
    );
  }
}

/**
 * Rejects parts of a variant that only the emulated testbed supports.
 * @throws {InputError} NESTBENCH_UNKNOWN_VARIANT.
 */
export function assertBuilt(variant: Variant): void {
  if (variant.qemu !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `VARIANT "${variant.name}" has a QEMU of its own, which emulates the server of the emulated testbed; TESTBED names physical machines.`,
    );
  }
}

/**
 * The cells that can be measured there.
 * @throws {InputError} NESTBENCH_BAD_TESTBED with the reason, if there is none.
 */
export function measurable(cells: readonly Cell[], there: Parameters<typeof whyNotPhysical>[1]): Cell[] {
  const reasons = cells.map((cell) => ({ cell, reason: whyNotPhysical(cell, there) }));
  const measured = reasons.flatMap(({ cell, reason }) => (reason === undefined ? [cell] : []));
  if (measured.length > 0) return measured;
  const why = reasons.map(({ cell, reason }) => `${cell.name}: ${reason}`).join('; ');
  throw new InputError('NESTBENCH_BAD_TESTBED', `Nothing that was selected can be measured there. ${why}.`);
}

function describeTestbed(
  testbed: TestbedDescription,
  sizing: Sizing,
  storage: Storage,
  images: OwnImages,
): ExperimentRecord['testbed'] {
  const { server, client, software } = testbed;
  const memtier = memtierOf(testbed);
  return {
    kind: 'physical',
    accelerator: 'none',
    settings: {
      server: server.ssh,
      client: client.ssh,
      // All kernels, parameters and QEMUs in the testbed file: with others it is another experiment.
      software:
        typeof software === 'string'
          ? software
          : `own, of ${Object.keys(software).join(', ')} (${hashOf(software)})`,
      mitigations: "the kernels' default, unless their parameters say otherwise",
      sizing: describeSizing(sizing),
      // Absent in older experiments, whose data was in memory.
      ...(storage === 'disk' && { storage }),
      ...imageSettings(images),
      ...(memtier && {
        [loaderSetting(memcachedByMemtier.name)]: MEMTIER,
        [MEMTIER]: `${memtier.ref} of ${memtier.url}`,
      }),
    },
  };
}

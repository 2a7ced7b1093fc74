/** As ../emulated/prepare.ts, of an experiment on a physical testbed. */
import type { ExperimentRecord } from '../../../fixtures/records.ts';
import type { Sizing } from '../../../fixtures/sizing.ts';
import type { TestbedDescription } from '../../../fixtures/testbed.ts';
import { hashOf } from '../../lib/hash.ts';
import type { Chosen } from '../../run/selection.ts';
import { InputError } from '../../lib/errors.ts';
import { checkExperiment } from '../../run/experiment-record.ts';
import {
  chosenBy,
  describeSizing,
  type ExperimentOptions,
  type PreparedExperiment,
} from '../emulated/prepare.ts';
import type { Settings } from '../../run/settings.ts';
import { readTestbed } from './description.ts';
import { measurable, preparePhysical } from './prepare-machines.ts';
import { runtimeDirectory } from '../runtime.ts';

export async function preparePhysicalExperiment(
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
  // What can be told before any machine is asked; of the server's card, once it was.
  const measured = measurable(cells, { testbed: description });
  const prepared = await preparePhysical({
    ...options,
    testbed: description,
    cells: measured,
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
      paths: {
        kernel: built.kernel.vmlinux,
        image: built.image.file,
        emulator: '',
        zstd: '',
        runtime: runtimeDirectory(),
      },
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

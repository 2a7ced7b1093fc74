/** A physical testbed: two machines reached over SSH, described by the file that TESTBED names. */
import { whyNotPhysical } from '../../../fixtures/physical-software.ts';
import { count } from '../../lib/count.ts';
import { InputError } from '../../lib/errors.ts';
import type { Testbed } from '../testbed.ts';
import type { PhysicalExperiment } from './physical-experiment.ts';
import { type PhysicalPlan, planPhysical } from './physical-plan.ts';

/** Modules that only some processes need are loaded there: a worker does not wait for those that build. */
export const testbed: Testbed<PhysicalExperiment, PhysicalPlan> = {
  runsOnHardware: () => Promise.resolve(true),
  lanes(_requests, _settings, asked) {
    if (asked === undefined || asked.count === 1) return Promise.resolve([]);
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `PARALLEL is ${asked.count}, but on two machines of your own cells run one at a time, because each has both machines for itself. Leave it out.`,
    );
  },
  prepare: async (...given) => (await import('./prepare-physical.ts')).preparePhysical(...given),
  // Nothing is known before the testbed's file is read.
  whyNot: (cell, on) => on && whyNotPhysical(cell, on.experiment, on.kind),
  inLane: (experiment) => experiment,
  plan: (cell, experiment, kind) => planPhysical(cell, { ...experiment, kind }),
  start: async (...given) => (await import('./start-physical.ts')).startPhysical(...given),
  build: async (...given) => (await import('./build-physical.ts')).buildPhysical(...given),
  async describe(cell, _kind, settings) {
    const { readTestbed } = await import('./testbed-file.ts');
    const { describePhysical } = await import('./describe-physical.ts');
    const { examineImages } = await import('./own-image.ts');
    const described = readTestbed(settings.testbed);
    return describePhysical(described, cell, settings.profile, await examineImages(described));
  },
  async describeRun(cells, _kind, settings, asked) {
    await testbed.lanes([], settings, asked, () => {});
    return `${count(cells.length, 'cell')}, one at a time: ${cells.map(({ name }) => name).join(', ')}.`;
  },
  async doctor(name, signal) {
    const { readTestbed } = await import('./testbed-file.ts');
    const { examineMachines } = await import('./examine-machines.ts');
    return examineMachines(readTestbed(name), signal);
  },
};

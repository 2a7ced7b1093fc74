/** The list of testbeds. To add one, add a folder, and a line to the table below. */
import type { Cell } from '../../fixtures/matrix.ts';
import type { Settings } from '../run/settings.ts';
import type { CommonExperiment, Testbed } from './testbed.ts';

/** By kind. Each is only loaded where it is used, so that no process waits for the modules of another. */
const TESTBEDS = {
  emulated: () => import('./emulated/emulated-testbed.ts'),
  physical: () => import('./physical/physical-testbed.ts'),
};

type Kind = keyof typeof TESTBEDS;
type ExperimentOf<T> = T extends { readonly testbed: Testbed<infer E> } ? E : never;
type OwnExperiment = ExperimentOf<Awaited<ReturnType<(typeof TESTBEDS)[Kind]>>>;

/** What the global setup passes to the workers, through Vitest's `provide` and `inject`: a union on `kind`. */
export type ProvidedExperiment = CommonExperiment & OwnExperiment;

/** The kind of testbed that TESTBED names: one of these, or the file of a physical one. */
export function testbedKind(name: string): Kind {
  return isKind(name) ? name : 'physical';
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(TESTBEDS, name);
}

/** Any of them; its methods take the experiment that it prepared. */
export type AnyTestbed = Testbed<OwnExperiment>;

export async function loadTestbed(kind: Kind): Promise<AnyTestbed> {
  const { testbed } = await TESTBEDS[kind]();
  return testbed;
}

/** With the profile's sizes for the testbed's machines. */
export async function withSizesFor(testbed: AnyTestbed, settings: Settings): Promise<Settings> {
  const onHardware = await testbed.runsOnHardware(settings);
  return { ...settings, profile: { ...settings.profile, onHardware } };
}

declare module 'vitest' {
  interface ProvidedContext {
    cell: Cell;
    experiment: ProvidedExperiment;
  }
}

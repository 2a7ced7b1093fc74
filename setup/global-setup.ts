/**
 * Runs before any cell: checks the request and the host, takes the testbed, cleans up after killed runs, builds the
 * kernel and the image, and opens the experiment. It boots no stack; each cell's worker does.
 */
import { type TestProject, TestsNotFoundError, type Vitest } from 'vitest/node';
import { sentenceOf } from './lib/errors.ts';
import { Phases } from './lib/phase-clock.ts';
import { checkPlaces } from './lib/places.ts';
import { endOwned } from './machine/qemu/qemu-process.ts';
import { checkout, openExperiment } from './run/experiment-record.ts';
import { sayOf } from './run/say.ts';
import { findSelection, type Selection } from './run/selection.ts';
import { resolveSettings, type Settings, withOwnOptions } from './run/settings.ts';
import { endEarly, stopGracefully } from './run/signals.ts';
import { testbedName } from './run/testbed-name.ts';
import { runtimeDirectory } from './testbed/runtime.ts';
import type { PrepareOptions } from './testbed/testbed.ts';
import { type AnyTestbed, loadTestbed, type ProvidedExperiment, testbedKind } from './testbed/testbeds.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { vitest } = project;
  const log = sayOf(vitest);
  try {
    const testbed = await loadTestbed(testbedKind(testbedName(process.env['TESTBED'])));
    const vitestSeconds = process.uptime();
    const selection = await findSelection(vitest, (cell) => testbed.whyNot(cell) === undefined);
    if (selection.cells.length === 0) return undefined;
    const settings = resolveSettings(
      withOwnOptions(process.env, process.argv),
      new Date(),
      vitest.config.shard,
    );
    const { resultsDirectory, folder } = settings;
    checkPlaces(resultsDirectory, process.env['JUNIT'], folder);
    const stopping = new AbortController();
    let isOurs = false;
    const giveBack = stopGracefully(vitest, {
      controller: stopping,
      endMachines: async () => isOurs && endOwned(runtimeDirectory()),
      log,
    });
    await using held = new AsyncDisposableStack();
    held.defer(giveBack);
    const prepared = await prepare(testbed, selection, settings, {
      held,
      onTestbed: (is) => void (isOurs = is),
      onLost: (error) => void endEarly(vitest, stopping, error),
      signal: stopping.signal,
      log,
      vitestSeconds,
    });
    project.provide('experiment', prepared);
    const keep = held.move();
    return () => keep.disposeAsync();
  } catch (error) {
    throw refusal(error, vitest);
  }
}

/**
 * For a foreseeable fault, an error of Vitest's own that it does not print: the sentence is then the last line of the
 * run, instead of an "Unhandled Error" with all its details.
 */
function refusal(error: unknown, vitest: Vitest): unknown {
  const sentence = sentenceOf(error);
  if (sentence === undefined) return error;
  process.exitCode = 1;
  vitest.onClose(() => vitest.logger.error(sentence));
  return new TestsNotFoundError();
}

async function prepare(
  testbed: AnyTestbed,
  selection: Selection,
  settings: Settings,
  options: Omit<PrepareOptions, 'phases'> & {
    /** How long the process took to get here. */
    readonly vitestSeconds: number;
  },
): Promise<ProvidedExperiment> {
  // It takes as long as all the checks, so it runs at the same time.
  const ofCheckout = checkout();
  ofCheckout.catch(() => {});
  const phases = new Phases();
  const { experiment, environment } = await testbed.prepare(selection, settings, { ...options, phases });
  const ownPhase = { name: 'Vitest', seconds: options.vitestSeconds };
  const journal = await openExperiment(
    settings,
    { ...environment, phases: [ownPhase, ...phases.list] },
    ofCheckout,
  );
  const { profile, variant, boot } = settings;
  return { ...experiment, directory: journal.directory, profile, variant, boot };
}

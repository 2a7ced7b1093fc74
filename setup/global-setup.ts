/**
 * Before any cell: checks what was asked and what the host has, takes the testbed, sweeps what a killed run left
 * behind, builds the kernel and the image, and opens the experiment. It boots no stack: each cell's worker does.
 */
import path from 'node:path';
import { type TestProject, TestsNotFoundError, type Vitest } from 'vitest/node';
import type { Cell } from '../fixtures/matrix.ts';
import { type Chosen, findChosen } from './run/selection.ts';
import { sentenceOf } from './lib/errors.ts';
import { checkout, openExperiment } from './run/experiment-record.ts';
import { checkPlaces } from './lib/places.ts';
import { endOwned } from './machine/qemu/qemu-process.ts';
import {
  type ExperimentOptions,
  prepareExperiment,
  type PreparedExperiment,
} from './testbed/emulated/prepare.ts';
import type { ProvidedExperiment } from './testbed/provided.ts';
import { Phases } from './lib/phase-clock.ts';
import { resolveSettings, type Settings, withOwnOptions } from './run/settings.ts';
import { sayOf } from './run/say.ts';
import { stopGracefully } from './run/signals.ts';
import { identityOf } from './testbed/emulated/snapshot/identity.ts';
import { prefetch, type Prefetched } from './testbed/emulated/snapshot/prefetch.ts';
import { planStack } from './testbed/emulated/stack-plan.ts';
import { testbedFileOf } from './run/testbed-file.ts';
import { runtimeDirectory } from './testbed/runtime.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { vitest } = project;
  const vitestSeconds = process.uptime();
  const log = sayOf(vitest);
  try {
    const chosen = await findChosen(vitest, testbedFileOf(process.env['TESTBED']) === undefined);
    if (chosen.cells.length === 0) return undefined;
    const settings = resolveSettings(
      withOwnOptions(process.env, process.argv),
      new Date(),
      vitest.config.shard,
    );
    const { resultsDirectory, folder } = settings;
    for (const directory of [resultsDirectory, path.join(resultsDirectory, folder)])
      checkPlaces(directory, process.env['JUNIT']);
    const stopping = new AbortController();
    let isOurs = false;
    const giveBack = stopGracefully(vitest, {
      controller: stopping,
      endMachines: async () => isOurs && endOwned(runtimeDirectory()),
      log,
    });
    await using held = new AsyncDisposableStack();
    held.defer(giveBack);
    const prepared = await prepare(chosen, settings, {
      held,
      onTestbed: (is) => void (isOurs = is),
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
 * For a fault that can be foreseen, the error of Vitest's own that it prints nothing of: the sentence is the last line of
 * the run, in the place of an "Unhandled Error" with all that it carries.
 */
function refusal(error: unknown, vitest: Vitest): unknown {
  const sentence = sentenceOf(error);
  if (sentence === undefined) return error;
  process.exitCode = 1;
  vitest.onClose(() => vitest.logger.error(sentence));
  return new TestsNotFoundError();
}

async function prepare(
  chosen: Chosen,
  settings: Settings,
  options: ExperimentOptions & {
    /** How long the process ran before the global setup did. */
    readonly vitestSeconds: number;
  },
): Promise<ProvidedExperiment> {
  // It takes as long as all the checks: it can be asked for beside them.
  const ofCheckout = checkout();
  ofCheckout.catch(() => {});
  const { made, environment } = await prepareExperiment(chosen, settings, options);
  const prefetching = new Phases();
  const prefetched = await prefetchFirst(chosen.first, made, settings, options);
  prefetching.lap('prefetch');
  const ownPhase = { name: 'Vitest', seconds: options.vitestSeconds };
  const phases = [ownPhase, ...(environment.phases ?? []), ...prefetching.list];
  const journal = await openExperiment(settings, { ...environment, phases }, ofCheckout);
  return { ...made, directory: journal.directory, prefetched };
}

/** Nothing where the first cell is to boot, or in another clock. */
async function prefetchFirst(
  first: Cell | undefined,
  made: PreparedExperiment['made'],
  { folder, resultsDirectory }: Settings,
  { signal, log }: ExperimentOptions,
): Promise<Prefetched | undefined> {
  const { boot, clock, ingredients, paths, physical } = made;
  if (first === undefined || physical !== undefined || boot === 'cold' || clock === 'virtual')
    return undefined;
  const plan = planStack(first, { ...made, kind: 'application', clock: 'real' });
  const { runtime } = paths;
  const logs = path.join(resultsDirectory, folder, first.name);
  return prefetch(plan, {
    runtime,
    logs,
    identity: identityOf(plan, runtime, ingredients),
    signal,
    say: log,
  });
}

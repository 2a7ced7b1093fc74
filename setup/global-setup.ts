/**
 * Runs before any cell: checks the request and the host, takes the testbed, cleans up after killed runs, builds the
 * kernel and the image, and opens the experiment. It boots no stack; each cell's worker does.
 */
import { type TestProject, TestsNotFoundError, type Vitest } from 'vitest/node';
import path from 'node:path';
import { isMicrobenchmark } from '../fixtures/benchmarks/index.ts';
import type { Cell } from '../fixtures/matrix.ts';
import type { JournalRecord } from '../fixtures/records.ts';
import { readJournalIfAny } from './journal/journal-reader.ts';
import { InputError, sentenceOf } from './lib/errors.ts';
import { Phases } from './lib/phase-clock.ts';
import { checkPlaces } from './lib/places.ts';
import { endOwned } from './machine/qemu/qemu-process.ts';
import { checkout, type Environment, openExperiment } from './run/experiment-record.ts';
import { sayOf } from './run/say.ts';
import { findSelection, type Request, type Selection } from './run/selection.ts';
import { resolveSettings, type Settings, withOwnOptions } from './run/settings.ts';
import { endEarly, stopGracefully } from './run/signals.ts';
import { askedSideBySide, describeLaneCpus, runSideBySide } from './run/side-by-side.ts';
import { seenTimes } from './run/seen-times.ts';
import { planStart, type StartPlan } from './run/start-plan.ts';
import { describeStart } from './run/start-words.ts';
import { testbedName } from './run/testbed-name.ts';
import { timeBudget } from './run/time-budget.ts';
import { describeHost } from './testbed/host-resources.ts';
import { runtimeDirectory } from './testbed/runtime.ts';
import type { PrepareOptions } from './testbed/testbed.ts';
import {
  type AnyTestbed,
  loadTestbed,
  type ProvidedExperiment,
  testbedKind,
  withSizesFor,
} from './testbed/testbeds.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { vitest } = project;
  const log = sayOf(vitest);
  try {
    const testbed = await loadTestbed(testbedKind(testbedName(process.env['TESTBED'])));
    const vitestSeconds = process.uptime();
    const selection = await findSelection(vitest, (cell) => testbed.whyNot(cell) === undefined);
    if (selection.cells.length === 0) return undefined;
    const asked = resolveSettings(withOwnOptions(process.env, process.argv), new Date(), vitest.config.shard);
    const settings = await withSizesFor(testbed, asked);
    const { resultsDirectory, folder } = settings;
    checkPlaces(resultsDirectory, process.env['JUNIT'], folder);
    const { records } = readJournalIfAny(path.join(resultsDirectory, folder));
    const wanted = selection.requests.filter(({ cell }) => selection.measured.includes(cell));
    const beside = askedSideBySide(settings.parallel, records, vitest.config.shard !== undefined);
    const lanes = await testbed.lanes(wanted, settings, beside, log);
    const plan = planOf(wanted, settings, records, lanes.length);
    for (const line of describeStart(plan, settings.resume && folder)) log(line);
    if (lanes.length > 1) log(describeLaneCpus(lanes));
    const stopping = new AbortController();
    let isOurs = false;
    const giveBack = stopGracefully(vitest, {
      controller: stopping,
      endMachines: async () => isOurs && endOwned(runtimeDirectory()),
      log,
    });
    await using held = new AsyncDisposableStack();
    held.defer(giveBack);
    const prepared = await prepare(testbed, selection, plan, settings, {
      held,
      lanes,
      onTestbed: (is) => void (isOurs = is),
      onLost: (error) => void endEarly(vitest, stopping, error),
      signal: stopping.signal,
      log,
      vitestSeconds,
    });
    project.provide('experiment', prepared);
    if (lanes.length > 1) runSideBySide(vitest, lanes.length);
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

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if there is nothing to resume.
 */
function planOf(
  requests: readonly Request[],
  settings: Settings,
  records: readonly JournalRecord[],
  lanes: number,
): StartPlan {
  const { resultsDirectory, folder, experiment, profile, resume, withinSeconds } = settings;
  if (resume !== undefined && records.length === 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `There is no experiment "${experiment}" to resume: ${path.join(resultsDirectory, folder)} has no journal. Leave out RESUME to begin it.`,
    );
  }
  const kind = testbedKind(settings.testbed);
  const host = kind === 'emulated' ? describeHost() : undefined;
  return planStart({
    requests,
    lanes,
    profile,
    resume,
    withinSeconds,
    kind,
    records,
    times: seenTimes(resultsDirectory, folder, records, { kind, host }),
  });
}

/** The cells in which something will be measured, or may be: a test can measure a benchmark of the user's own. */
function narrowed(selection: Selection, plan: StartPlan, settings: Settings): Selection {
  if (settings.resume === undefined && settings.withinSeconds === undefined) return selection;
  const { measured, first } = selection;
  const isMeasured = (cell: Cell): boolean => plan.measured.some((its) => its.cell.name === cell.name);
  const isFirst = plan.measured.some(
    ({ cell, benchmark }) => cell.name === first?.name && !isMicrobenchmark(benchmark),
  );
  return { ...selection, measured: measured.filter(isMeasured), first: isFirst ? first : undefined };
}

async function prepare(
  testbed: AnyTestbed,
  selection: Selection,
  plan: StartPlan,
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
  const { experiment, environment } = await testbed.prepare(narrowed(selection, plan, settings), settings, {
    ...options,
    phases,
  });
  const ownPhase = { name: 'Vitest', seconds: options.vitestSeconds };
  const { profile, variant, boot, resume, withinSeconds } = settings;
  const request: Environment['request'] = {
    variables: settings.variables,
    cells: selection.requests.map(({ cell, benchmarks }) => ({
      cell: cell.name,
      benchmarks: [...benchmarks],
    })),
    resumes: resume === undefined ? undefined : true,
  };
  const journal = await openExperiment(
    settings,
    { ...environment, request, phases: [ownPhase, ...phases.list] },
    ofCheckout,
  );
  const beganAt = Date.now() - process.uptime() * 1000;
  const budget = withinSeconds === undefined ? undefined : timeBudget(plan, withinSeconds, beganAt);
  return { ...experiment, directory: journal.directory, profile, variant, boot, resume, budget };
}

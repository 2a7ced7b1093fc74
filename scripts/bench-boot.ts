/**
 * `npm run bench:boot`: brings up the baseline stacks alternately from a snapshot, cold, and stock. Prints how long
 * each takes from the command's start to `Ready to run experiments!`, where the time goes, and how long a user waits
 * for the first sample of a warm cell.
 */
import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import type { Cell } from '../fixtures/matrix.ts';
import { sizingFor } from '../fixtures/sizing.ts';
import { firstLine, wrap } from '../reporters/model/text.ts';
import ProgressReporter from '../reporters/progress.ts';
import { type NestbenchError, toNestbenchError } from '../setup/lib/errors.ts';
import { chooseAccelerator } from '../setup/testbed/emulated/choose-accelerator.ts';
import { describeHost } from '../setup/testbed/host-resources.ts';
import { endOwned } from '../setup/machine/qemu/qemu-process.ts';
import { Phases } from '../setup/lib/phase-clock.ts';
import { startName } from '../setup/lib/start-name.ts';
import { withDeadline } from '../setup/lib/wait.ts';
import { reportProgress } from '../setup/lib/task-progress.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import type { RunningStack } from '../setup/stack/running.ts';
import { planStack, type StackPlan } from '../setup/testbed/emulated/stack-plan.ts';
import { KEPT_OF_OURS, stockPlan } from '../setup/testbed/emulated/stock-machines.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { buildMaterial } from '../setup/testbed/emulated/prepare-emulated.ts';
import { runtimeDirectory } from '../setup/testbed/runtime.ts';
import { type Bench, bringUp, deadlineOf, ensureSnapshot, within } from './bench/bench-boot-bring-up.ts';
import { type BenchOptions, parseBenchOptions, USAGE } from './bench/bench-boot-options.ts';
import {
  type BootResult,
  BOOT_SETTINGS,
  type BootSettings,
  type BootStep,
  type FirstSample,
  whyNotUp,
} from './bench/boot-result.ts';
import { bootTable, firstSampleTable } from './bench/boot-table.ts';
import { measureFirstSample } from './bench/first-sample.ts';
import { runScript } from './cli/run-script.ts';

const COLUMNS = process.stdout.columns || 120;

await runScript(USAGE, async () => {
  // From the process's own start, to include Node's.
  const modulesSeconds = process.uptime();
  await runBench(parseBenchOptions(process.argv.slice(2)), modulesSeconds);
});

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function runBench(options: BenchOptions, modulesSeconds: number): Promise<void> {
  const settings = resolveSettings(process.env, new Date());
  const name = `bench-boot-${startName(new Date())}`;
  const logs = path.join(settings.resultsDirectory, name);
  const file = `${logs}.ndjson`;

  await using held = new AsyncDisposableStack();
  const stopping = new AbortController();
  let isOurs = false;
  held.defer(
    onStopSignals({
      stop: (by) => stopping.abort(new Error(`stopped by ${by}`)),
      endMachines: async () => isOurs && endOwned(runtimeDirectory()),
      kept: () =>
        existsSync(file)
          ? `What was measured is in ${path.relative('', file)}.`
          : 'Nothing was measured yet.',
      log,
    }),
  );
  const progress = new ProgressReporter();
  progress.onTestRunStart();
  held.defer(() => progress.onTestRunEnd());

  const { signal } = stopping;
  const host = describeHost();
  const sizing = sizingFor(host);
  const { accelerator, reason } = await chooseAccelerator(settings);
  const { waitMinutes, variant } = settings;
  const { cells } = options;
  const onTestbed = (is: boolean): void => void (isOurs = is);
  const onLost = (error: Error): void => stopping.abort(error);
  const wanted = { cells, sizing, variant, accelerator, waitMinutes };
  const phases = new Phases();
  const { material, ...built } = await buildMaterial({
    ...wanted,
    held,
    onTestbed,
    onLost,
    phases,
    signal,
    log,
  });
  const preparing = phases.list.filter((phase) => phase.name !== 'testbed');
  const start = [{ name: 'Node and modules', seconds: modulesSeconds }, ...preparing];
  log(reason);

  mkdirSync(logs, { recursive: true });
  append(file, { type: 'bench', host, accelerator, sizing, start, kernel: built.kernel, image: built.image });
  const common: Bench = {
    file,
    logs,
    kernelRelease: material.kernelRelease,
    startSeconds: start.reduce((sum, { seconds }) => sum + seconds, 0),
    ingredients: material.ingredients,
    snapshotBytes: settings.snapshotBytes,
    signal,
  };

  const results: BootResult[] = [];
  for (let round = 1; round <= options.rounds && !signal.aborted; round++) {
    for (const cell of cells) {
      const ours = planStack(cell, { ...material, accelerator, variant, sizing });
      if (round === 1) await ensureSnapshot(ours, common);
      // The setting that goes first changes with the round, because a host's speed varies.
      const included = BOOT_SETTINGS.filter((which) => which !== 'stock' || !options.withoutStock);
      for (const which of round % 2 === 1 ? included : included.toReversed()) {
        if (signal.aborted) break;
        const plan =
          which === 'stock' ? within(stockPlan(ours, variant.qemu), options.stockDeadlineSeconds) : ours;
        const result = await bootOnce(plan, which, round, deadlineOf(ours, which, options), common);
        if (result !== undefined) results.push(result);
      }
    }
  }
  const firsts = await waitForFirstSamples(cells, options.rounds, common);
  log(`\n${bootTable(results, COLUMNS)}\n`);
  if (firsts.length > 0) log(`${firstSampleTable(firsts, COLUMNS)}\n`);
  if (!options.withoutStock)
    log(wrap(`Stock keeps of nestbench's own: ${KEPT_OF_OURS.join('; ')}.`, COLUMNS, '  ', ''));
  log(`Each boot with its plan and phases: ${path.relative('', file)}`);
  const failed = results.some(({ settings: which, outcome }) => which !== 'stock' && outcome.state !== 'up');
  // This is not a verdict: something could not be measured.
  if (failed) process.exitCode = 2;
}

/** Boots a stack and ends it. Undefined if the command was stopped meanwhile. */
async function bootOnce(
  plan: StackPlan,
  settings: BootSettings,
  round: number,
  deadlineSeconds: number,
  bench: Bench,
): Promise<BootResult | undefined> {
  const { file, startSeconds, signal } = bench;
  const { cell } = plan;
  const task = `${cell.name}, ${settings}`;
  const load = loadavg();
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  const steps: BootStep[] = [];
  let running: RunningStack | undefined;
  let outcome: BootResult['outcome'];
  try {
    const up = await withDeadline(`${task} to come up`, deadlineSeconds, signal, (limited) =>
      bringUp(plan, settings, `${cell.name}-${settings}-${round}`, bench, limited, (text, secondsLeft) => {
        steps.push({ text, seconds: elapsed() });
        const left = settings === 'stock' ? {} : { secondsLeft };
        reportProgress({ task, text, state: 'running', ...left });
      }),
    );
    running = up.running;
    outcome = { state: 'up', seconds: elapsed(), phases: up.phases };
  } catch (thrown) {
    if (signal.aborted) return undefined;
    const error = toNestbenchError(thrown);
    if (error.kind === 'bug') throw error;
    outcome = isLate(error, deadlineSeconds)
      ? { state: 'late', deadlineSeconds }
      : { state: 'failed', message: firstLine(error.message) };
  } finally {
    reportProgress({ task, text: 'ended', state: 'done' });
  }
  const result: BootResult = {
    cell: cell.name,
    level: cell.level,
    settings,
    round,
    startSeconds,
    steps,
    outcome,
  };
  append(file, { type: 'boot', ...result, load, facts: running?.facts ?? null, plan });
  process.stdout.write(`${task}, round ${round}: ${inWords(result)}\n`);
  await running?.[Symbol.asyncDispose]();
  // What a failed boot left running must not slow down the next one.
  await endOwned(runtimeDirectory());
  return result;
}

async function waitForFirstSamples(
  cells: readonly Cell[],
  rounds: number,
  { file, signal }: Bench,
): Promise<FirstSample[]> {
  const firsts: FirstSample[] = [];
  for (const cell of cells) {
    for (let round = 1; round <= rounds && !signal.aborted; round++) {
      reportProgress({
        task: cell.name,
        text: 'waiting for the first sample of the command',
        state: 'running',
      });
      const first = await measureFirstSample(cell, round, signal);
      append(file, { type: 'first sample', ...first });
      log(`${cell.name}, round ${round}: first sample after ${first.seconds.toFixed(1)} s`);
      firsts.push(first);
    }
    reportProgress({ task: cell.name, text: 'ended', state: 'done' });
  }
  return firsts;
}

function isLate({ code, seconds }: NestbenchError, deadlineSeconds: number): boolean {
  return code === 'NESTBENCH_DEADLINE' || (code === 'NESTBENCH_GUEST_HUNG' && seconds === deadlineSeconds);
}

function inWords(result: BootResult): string {
  const { startSeconds, outcome } = result;
  return outcome.state === 'up'
    ? `Ready to run experiments! ${(startSeconds + outcome.seconds).toFixed(1)} s`
    : `${whyNotUp(outcome)}${outcome.state === 'failed' ? `: ${outcome.message}` : ''}`;
}

function append(file: string, record: { readonly type: string; readonly [key: string]: unknown }): void {
  const { type, ...rest } = record;
  appendFileSync(file, `${JSON.stringify({ type, at: new Date().toISOString(), ...rest })}\n`);
}

/** One fault of a campaign: a run, the fault, and the next start. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';
import { CommandError, TestbedBusyError } from '../../setup/lib/errors.ts';
import { reasonOf } from '../../setup/lib/error-text.ts';
import type { RecordOf, Run } from '../cli/nestbench-run.ts';
import { MissedError } from './blow.ts';
import type { CampaignTestbed } from './campaign-testbed.ts';
import { MEASURED } from './draw-plan.ts';
import type { Phase, PlannedFault } from './fault-kind.ts';
import type { FaultResult } from './fault-result.ts';
import { judgeFiles, judgeLeftovers, judgeRun, type Struck } from './judge.ts';
import { Scene } from './scene.ts';

/** That of the faults' runs. */
const PROFILE = 'smoke';

/**
 * @param root an empty directory for it, which is removed.
 */
export async function strike(
  root: string,
  planned: PlannedFault,
  testbed: CampaignTestbed,
  signal: AbortSignal,
): Promise<FaultResult> {
  const began = performance.now();
  const { number, kind, target, cell } = planned;
  const common = { number, kind: kind.name, target, cell };
  const elapsed = (): number => (performance.now() - began) / 1000;
  await using scene = new Scene(root, planned, testbed, signal);
  try {
    await prepare(scene);
    const run = scene.start(undefined, kind.environment?.(scene));
    const { struck, untilEndSeconds } = await breakRun(scene, run);
    const { outcome, wrong } = judgeRun(run, struck);
    for (const other of scene.others) await other.end(kind.expected.withinSeconds);
    // The blow may remove all of them, also once the run has written its last. Others may end before they have a journal.
    const isWell = struck.ended.exitCode === 0;
    const isRemoved = kind.expected.losesJournal === true && !existsSync(run.directory);
    const isThere = isWell ? !isRemoved : existsSync(path.join(run.directory, JOURNAL_FILE));
    if (isThere) wrong.push(...judgeFiles(run.directory, { areAll: isWell }));
    wrong.push(...((await kind.judge?.(scene)) ?? []));
    wrong.push(...(await failureOfHealing(scene)));
    const kept = run.recordsOf('sample');
    const { next, completes } = startNext(scene, run);
    wrong.push(...(await judgeNext(scene, next, kept)));
    const missing = completes ? unmeasured(next) : [];
    if (missing.length > 0) wrong.push(`After the resume, ${missing.join(' and ')} is still missing.`);
    const seconds = elapsed();
    if (wrong.length === 0) return { ...common, outcome, wrong, seconds, untilEndSeconds };
    const output = `${run.output}\n--- the next start:\n${next.output}`;
    return { ...common, outcome: 'failed', wrong, seconds, untilEndSeconds, output };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TestbedBusyError) throw error;
    return { ...common, outcome: 'failed', wrong: [reasonOf(error)], seconds: elapsed() };
  }
}

async function prepare(scene: Scene): Promise<void> {
  const { planned, testbed, signal } = scene;
  await using _ = await testbed.prepare(planned, signal);
  await planned.kind.prepare?.(scene);
}

/** Runs without a fault: on this host, the first saves the snapshot that the faults in its cell begin with, and the second proves it. */
export async function warmUp(
  root: string,
  planned: PlannedFault,
  testbed: CampaignTestbed,
  signal: AbortSignal,
): Promise<void> {
  await using scene = new Scene(root, planned, testbed, signal);
  let output = '';
  for (let tries = 0; tries < 2; tries++) {
    const run = scene.start(['hackbench']);
    const { exitCode } = await run.end(testbed.patienceSeconds);
    const boot = run.recordsOf('boot').at(-1);
    output = run.output;
    if (exitCode !== 0 || boot === undefined) break;
    if (testbed.isWarm(planned.cell, boot, scene.place)) return;
  }
  throw new CommandError({ message: `A run of ${planned.cell} without a fault failed:\n${output}` });
}

async function breakRun(
  scene: Scene,
  run: Run,
): Promise<{ struck: Struck; untilEndSeconds: number | undefined }> {
  const { planned } = scene;
  const { kind } = planned;
  let at: Struck['at'];
  let printed = 0;
  try {
    await waitForMoment(scene, run);
    printed = run.output.length;
    const began = Date.now();
    await kind.inject(scene);
    at = { began, complete: Date.now() };
  } catch (error) {
    // A run that has nothing left to measure ends its machines, and leaves nothing to strike.
    if (!(error instanceof MissedError) && !run.hasEnded && unmeasured(run).length > 0) throw error;
  }
  const ended = await run.end(kind.expected.withinSeconds + scene.testbed.slackSeconds);
  // The workers of a killed run end on their own.
  await run.groupEnds();
  const untilEndSeconds = at && (Date.now() - at.complete) / 1000;
  return { struck: { planned, at, printed, ended }, untilEndSeconds };
}

/** Waits until the run has come to the planned moment. */
async function waitForMoment(scene: Scene, run: Run): Promise<void> {
  const { planned, signal, testbed } = scene;
  const { phase, benchmark, afterMs, kind, target } = planned;
  const patience = testbed.patienceSeconds;
  if (kind.arrive !== undefined) {
    await run.notes('boot', () => true, patience);
    await kind.arrive(scene);
  }
  const signs: Readonly<Record<Phase, () => Promise<unknown> | undefined>> = {
    start: () => undefined,
    restore: () => run.says('restoring the stack', patience),
    deploy: () => run.notes('experiment', () => true, patience),
    copy: () => run.says(`copying the image to ${target}`, patience),
    measure: () => run.notes('series', (series) => series.benchmark === benchmark, patience),
    end: () => run.notes('sample', (sample) => sample.benchmark === MEASURED.at(-1), patience),
  };
  await signs[phase]();
  await sleep(afterMs, undefined, { signal });
}

async function failureOfHealing(scene: Scene): Promise<string[]> {
  try {
    await scene.heal();
    return [];
  } catch (error) {
    return [reasonOf(error)];
  }
}

/** A resume, if the run has left something to complete; else another run of the same experiment. */
function startNext(scene: Scene, run: Run): { readonly next: Run; readonly completes: boolean } {
  const [experiment] = run.recordsOf('experiment');
  const { profile = PROFILE } = experiment ?? {};
  // Longer profiles take minutes to complete.
  const completes = experiment !== undefined && profile === PROFILE && unmeasured(run).length > 0;
  const next = completes
    ? scene.start(MEASURED, { PROFILE, RESUME: 'retry-failed' })
    : scene.start(['hackbench'], { PROFILE: profile });
  return { next, completes };
}

/** It has to work, to keep what was measured, and to leave nothing of either run. */
async function judgeNext(scene: Scene, next: Run, kept: readonly RecordOf<'sample'>[]): Promise<string[]> {
  const { exitCode, signal } = await next.end(scene.testbed.patienceSeconds);
  const wrong: string[] = [];
  if (exitCode !== 0) wrong.push(`The next start ended with ${exitCode ?? signal}.`);
  const samples = next.recordsOf('sample');
  if (samples.length <= kept.length) wrong.push('The next start measured nothing.');
  const stamps = new Set(samples.map(({ at }) => at));
  if (!kept.every(({ at }) => stamps.has(at))) wrong.push('The next start lost samples of the run before.');
  wrong.push(...judgeFiles(next.directory, { areAll: true }), ...judgeLeftovers(scene.place));
  return [...wrong, ...(await scene.testbed.leftovers(scene.signal))];
}

function unmeasured(run: Run): string[] {
  const measured = new Set(run.recordsOf('sample').map(({ benchmark }) => benchmark));
  return MEASURED.filter((name) => !measured.has(name));
}

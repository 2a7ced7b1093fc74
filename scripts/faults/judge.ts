/** What must hold of a run in which a fault struck, and afterwards. Each fault of these is a sentence. */
import { existsSync, mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFiles } from '../../reporters/exporters.ts';
import { loadResults } from '../../reporters/model/load.ts';
import { isRunning, mountsBelow, processArgv, processIds, processStat } from '../../setup/lib/proc.ts';
import { FIRST_WORDS } from '../../setup/run/start-words.ts';
import { type Ended, leftovers, type Run } from '../cli/nestbench-run.ts';
import type { CampaignPlace } from './campaign-place.ts';
import { MEASURED } from './draw-plan.ts';
import type { PlannedFault } from './fault-kind.ts';
import type { Outcome } from './fault-result.ts';

/** What is judged of a run. */
export type Watched = Pick<Run, 'output' | 'records' | 'recordsOf'>;

/** What happened. */
export interface Struck {
  readonly planned: PlannedFault;
  /** When the fault began and when it was complete, by Date.now(); undefined if there was nothing to strike. */
  readonly at: { readonly began: number; readonly complete: number } | undefined;
  /** How much the run had printed by then. */
  readonly printed: number;
  readonly ended: Ended;
}

/** A sample that ended this shortly after a fault need not have been disturbed. */
const INSTANT_MS = 250;

/** Exit codes above are of signals. */
const SIGNALLED = 128;

/** A signal ended it before nestbench had handlers: by its own effect, or by Vitest's handler, which says nothing. */
function isBeforeBegin(run: Watched, { exitCode, signal }: Ended): boolean {
  return signal !== undefined || ((exitCode ?? 0) > SIGNALLED && !run.output.includes(FIRST_WORDS));
}

/** @returns whether the run noticed it, and what is wrong with how it ended. */
export function judgeRun(
  run: Watched,
  struck: Struck,
): { readonly outcome: Outcome; readonly wrong: string[] } {
  const { planned, at, ended } = struck;
  const { expected } = planned.kind;
  const wrong: string[] = [];
  const end = ended.exitCode ?? ended.signal ?? 'nothing';
  const sentence = at === undefined ? undefined : sentenceAbout(run, struck);
  const isNamed = sentence !== undefined && expected.says?.test(sentence) === true;
  const isWell = end === 0;
  const isLate = at !== undefined && isOver(run, at.complete);

  if (at !== undefined && !isWell && !expected.ends.some((one) => one === end)) {
    wrong.push(`It ended with ${end}, and not with ${expected.ends.join(' or ')}.`);
  }
  if (at === undefined && !isWell) wrong.push(`It ended with ${end}, although nothing was broken.`);
  if (at !== undefined && expected.says !== undefined && !isNamed) {
    // That it disturbed no sample is judged below.
    const nothingToNotice = mayGoUnnoticed(planned) || expected.showsInSamplesOnly === true || isLate;
    const isQuiet = isWell && sentence === undefined && nothingToNotice;
    const mayBeSilent = isQuiet || (planned.phase === 'start' && isBeforeBegin(run, ended));
    if (!mayBeSilent) {
      wrong.push(
        sentence === undefined
          ? 'Nothing that it printed names the fault.'
          : `The first sentence is: ${sentence}`,
      );
    }
  }
  if (/NESTBENCH_BUG|Unhandled Error|^ +at .*:\d+:\d+\)?$/m.test(run.output)) {
    wrong.push('It printed a stack trace, or called it a bug.');
  }
  if (expected.losesJournal !== true) wrong.push(...lostSamples(run));
  wrong.push(...disturbedSamples(run, struck));
  return { outcome: at === undefined ? 'missed' : outcomeOf(isWell, isNamed), wrong };
}

function outcomeOf(isWell: boolean, isNamed: boolean): Outcome {
  if (!isWell) return 'ended';
  return isNamed ? 'went on' : 'unnoticed';
}

function mayGoUnnoticed({ kind, phase, target, cell }: PlannedFault): boolean {
  const { mayGoUnnoticed: anywhere, mayGoUnnoticedIn = [], mayGoUnnoticedBetween } = kind.expected;
  const isBetween = /^l[1-9]$/.test(target) && !cell.startsWith(`${target}-`);
  return (
    anywhere === true || mayGoUnnoticedIn.includes(phase) || (mayGoUnnoticedBetween === true && isBetween)
  );
}

/** Whether everything had been measured before. */
function isOver(run: Watched, time: number): boolean {
  const last = run.records.findLast(({ type }) => type === 'sample' || type === 'idle');
  return last !== undefined && Date.parse(last.at) < time;
}

/** The first failure of the journal since the fault; where there is none, the first line that may be about it. */
function sentenceAbout(run: Watched, { planned, at, printed }: Struck): string | undefined {
  const failure = run
    .recordsOf('failure')
    .find((record) => at !== undefined && Date.parse(record.at) >= at.began - 1000);
  if (failure !== undefined) return failure.message.split('\n')[0];
  const { says } = planned.kind.expected;
  const lines = run.output.slice(planned.phase === 'start' ? 0 : printed).split('\n');
  return lines.map((line) => line.trim()).find((line) => says?.test(line));
}

/** Benchmarks whose number was printed, and that have no sample. */
function lostSamples(run: Watched): string[] {
  const samples = new Set(run.recordsOf('sample').map(({ benchmark }) => benchmark));
  return MEASURED.filter((name) => new RegExp(`^ +✓ \\S+: ${name} `, 'm').test(run.output))
    .filter((name) => !samples.has(name))
    .map((name) => `${name} was printed, and its samples are not in the journal.`);
}

/** Samples during which the fault struck, unless their stack was booted since. */
function disturbedSamples(run: Watched, { planned, at }: Struck): string[] {
  if (at === undefined || mayGoUnnoticed(planned)) return [];
  // Before its machines are there, nothing can be disturbed; and what stops the run stops no sample.
  if (!planned.kind.expected.ends.includes(0) || planned.phase === 'start') return [];
  return run.recordsOf('sample').flatMap(({ benchmark, started, seconds }) => {
    const [from, to] = [Date.parse(started), Date.parse(started) + seconds * 1000];
    const isDuring = from < at.began && to > at.complete + INSTANT_MS;
    return isDuring ? [`The fault struck during a sample of ${benchmark}, which counts.`] : [];
  });
}

/** What is left of a fault once the next start has ended. */
export function judgeLeftovers(place: CampaignPlace): string[] {
  const processes = processIds().filter((pid) => belongsTo(pid, place.root));
  return [
    ...processes.map((pid) => `Process ${pid} is left: ${processArgv(pid).join(' ').slice(0, 200)}`),
    ...leftovers(place).map((left) => `Left: ${left}`),
    ...unfinished(place).map((file) => `Left unfinished: ${file}`),
    // Also a namespace that no process is in is mounted.
    ...mountsBelow(place.temporary).map((mount) => `Left mounted: ${mount}`),
  ];
}

function belongsTo(pid: number, root: string): boolean {
  if (pid === process.pid || !isRunning(processStat(pid))) return false;
  const names = (file: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(`${root}/`);
    } catch {
      // It has ended, or is another user's.
      return false;
    }
  };
  return names('environ') || names('cmdline');
}

function unfinished({ cache, results }: CampaignPlace): string[] {
  const directories = [path.join(cache, 'snapshots'), results].filter((one) => existsSync(one));
  return directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(part|saving|building|tmp)\b/.test(name),
    ),
  );
}

/**
 * Derived files that differ from those that are made again from the journal.
 * @param areAll whether all of them should be there.
 */
export function judgeFiles(directory: string, { areAll }: { readonly areAll: boolean }): string[] {
  using again = mkdtempDisposableSync(path.join(tmpdir(), 'nb-faults-files-'));
  const files = writeFiles(loadResults(directory).results, again.path);
  return files.flatMap((file) => {
    const [is, should] = [path.join(directory, file), path.join(again.path, file)];
    if (!existsSync(is)) return areAll ? [`${file} was not written.`] : [];
    return readFileSync(is).equals(readFileSync(should)) ? [] : [`${file} is not what the journal gives.`];
  });
}

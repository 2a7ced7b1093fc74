/** `npm run history -- add|show|check`: the results of experiments over time, and where they changed. */
import { describeChanges } from '../reporters/analysis/toolchain-changes.ts';
import {
  changesOf,
  lastBefore,
  seriesOf,
  reportedOf,
  toolchainStep,
  unreported,
} from '../reporters/history/changes.ts';
import {
  changesMarkdown,
  changesText,
  describeSteps,
  seriesText,
} from '../reporters/history/history-text.ts';
import { readKind } from '../reporters/history/kind.ts';
import { HistoryStore } from '../reporters/history/history-store.ts';
import { summarize } from '../reporters/history/summarize.ts';
import { terminalOptions } from '../reporters/terminal/terminal.ts';
import { count } from '../setup/lib/count.ts';
import { InputError } from '../setup/lib/errors.ts';
import { HELP, type HistoryCommand, parseHistoryCommand } from './cli/history-options.ts';
import { placesOfExperiments, readExperiment } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

type Parsed<T extends HistoryCommand['command']> = Extract<HistoryCommand, { command: T }>;

async function main(): Promise<void> {
  const parsed = parseHistoryCommand(process.argv.slice(2), {
    environment: process.env,
    ...placesOfExperiments(),
  });
  if (parsed.command === 'add') {
    add(parsed);
    return;
  }
  using store = new HistoryStore(parsed.store, { make: false });
  if (parsed.command === 'show') show(store, parsed);
  else check(store, parsed);
}

/** All of them are read before the history is created or changed. */
function add({ experiments, store: file }: Parsed<'add'>): void {
  const summaries = experiments.map((name) => summarize(readExperiment(name).results));
  using store = new HistoryStore(file);
  for (const summary of summaries) {
    const replaced = store.add(summary);
    const what = count(summary.results.length, 'result');
    console.log(`${summary.name}: ${what} ${replaced ? 'replaced' : 'added'} (${file}).`);
    const before = lastBefore(summary, store.points());
    const changes = before === undefined ? [] : toolchainStep(before, summary);
    if (before !== undefined && changes.length > 0) {
      console.log(
        `${summary.name} has another toolchain than ${before.experiment}, the one before it: ${describeChanges(changes)}.`,
      );
    }
    for (const sentence of describeSteps(summary.name, store.points())) console.log(sentence);
  }
}

function show(store: HistoryStore, { cell, benchmark, store: file }: Parsed<'show'>): void {
  const all = seriesOf(store.points());
  const selected = all.filter(
    (series) =>
      (cell === undefined || series.cell === cell) &&
      (benchmark === undefined || series.benchmark === benchmark),
  );
  if (selected.length === 0) {
    const what = [cell, benchmark].filter((word) => word !== undefined).join(' ');
    const names = all.map((series) =>
      all.some((one) => one.cell === cell) ? series.benchmark : series.cell,
    );
    const there = [...new Set(names)];
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      there.length === 0
        ? `The history ${file} is empty. To add an experiment: npm run history -- add latest`
        : `The history ${file} has nothing on ${what}. It has ${there.join(', ')}.`,
    );
  }
  console.log(seriesText(selected, terminalOptions()));
}

function check(store: HistoryStore, { as, again, changes: options }: Parsed<'check'>): void {
  const points = store.points();
  const all = seriesOf(points).flatMap((series) => changesOf(series, options));
  const changes = again ? all : unreported(all, store.reported());
  if (as === 'json') {
    const list = changes.map(({ series, change, before, after, isWorse, toolchain }) => ({
      cell: series.cell,
      benchmark: series.benchmark,
      kind: readKind(series.kind),
      unit: after.unit,
      isWorse,
      change: change.change,
      from: change.from,
      to: change.to,
      probability: change.probability,
      toolchain,
      lastBefore: { experiment: before.experiment, commit: before.commit },
      firstAfter: { experiment: after.experiment, commit: after.commit },
    }));
    console.log(JSON.stringify({ version: 1, changes: list }, null, 2));
  } else console.log(as === 'markdown' ? changesMarkdown(changes) : changesText(changes, terminalOptions()));
  const steps = describeSteps(points.at(-1)?.experiment ?? '', points);
  if (as !== 'json') for (const sentence of steps) console.log(`\n${sentence}`);
  if (!again) store.markReported(changes.map(reportedOf));
  if (changes.some(({ isWorse }) => isWorse)) process.exitCode = 1;
}

await runScript(HELP, main);

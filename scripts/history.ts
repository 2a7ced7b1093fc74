/** `npm run history -- add|show|check`: what experiments came to over time, and where it changed. */
import { describeChanges } from '../reporters/analysis/toolchain-changes.ts';
import {
  changesOf,
  lastBefore,
  seriesOf,
  reportedOf,
  toolchainStep,
  unreported,
} from '../reporters/history/changes.ts';
import { changesMarkdown, changesText, seriesText } from '../reporters/history/history-text.ts';
import { readKind } from '../reporters/history/kind.ts';
import { HistoryStore } from '../reporters/history/history-store.ts';
import { summarize } from '../reporters/history/summarize.ts';
import { terminalOptions } from '../reporters/terminal/terminal.ts';
import { count } from '../reporters/model/text.ts';
import { InputError } from '../setup/lib/errors.ts';
import { HELP, type HistoryCommand, parseHistoryCommand } from './cli/history-options.ts';
import { placesOfExperiments, readExperiment } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

type Asked<T extends HistoryCommand['command']> = Extract<HistoryCommand, { command: T }>;

async function main(): Promise<void> {
  const asked = parseHistoryCommand(process.argv.slice(2), {
    environment: process.env,
    ...placesOfExperiments(),
  });
  if (asked.command === 'help') {
    process.stdout.write(HELP);
    return;
  }
  if (asked.command === 'add') {
    add(asked);
    return;
  }
  using store = new HistoryStore(asked.store, { make: false });
  if (asked.command === 'show') show(store, asked);
  else check(store, asked);
}

/** All of them are read before the store is made or changed. */
function add({ experiments, store: file }: Asked<'add'>): void {
  const summaries = experiments.map((name) => summarize(readExperiment(name).results));
  using store = new HistoryStore(file);
  for (const summary of summaries) {
    const replaced = store.add(summary);
    const what = count(summary.results.length, 'result');
    console.log(`${summary.name}: ${what} ${replaced ? 'in the place of those before' : 'added'} (${file}).`);
    const before = lastBefore(summary, store.points());
    const changes = before === undefined ? [] : toolchainStep(before, summary);
    if (before !== undefined && changes.length > 0) {
      console.log(
        `${summary.name} has another toolchain than ${before.experiment}, the one before it: ${describeChanges(changes)}.`,
      );
    }
  }
}

function show(store: HistoryStore, { cell, benchmark, store: file }: Asked<'show'>): void {
  const all = seriesOf(store.points());
  const chosen = all.filter(
    (series) =>
      (cell === undefined || series.cell === cell) &&
      (benchmark === undefined || series.benchmark === benchmark),
  );
  if (chosen.length === 0) {
    const what = [cell, benchmark].filter((word) => word !== undefined).join(' ');
    const names = all.map((series) =>
      all.some((one) => one.cell === cell) ? series.benchmark : series.cell,
    );
    const there = [...new Set(names)];
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      there.length === 0
        ? `The history ${file} is empty: npm run history -- add latest.`
        : `The history ${file} has nothing of ${what}. It has ${there.join(', ')}.`,
    );
  }
  console.log(seriesText(chosen, terminalOptions()));
}

function check(store: HistoryStore, { as, again, changes: options }: Asked<'check'>): void {
  const all = seriesOf(store.points()).flatMap((series) => changesOf(series, options));
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
  if (!again) store.markReported(changes.map(reportedOf));
  if (changes.some(({ isWorse }) => isWorse)) process.exitCode = 1;
}

await runScript(main);

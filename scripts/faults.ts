/**
 * `npm run faults -- --seed 7 --count 200`: runs short real experiments, breaks one thing in each at a random moment, and
 * checks that nothing is lost, left or wrong. docs/fault-campaign.md has the kinds of faults.
 */
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inWords } from '../setup/lib/duration.ts';
import { userId } from '../setup/lib/user.ts';
import { endOwned } from '../setup/machine/qemu/qemu-process.ts';
import { resolveSettings, type Settings } from '../setup/run/settings.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { readTestbed } from '../setup/testbed/physical/testbed-file.ts';
import { takeHost } from '../setup/testbed/runtime.ts';
import { runScript } from './cli/run-script.ts';
import { type CampaignTestbed, EMULATED_CAMPAIGN } from './faults/campaign-testbed.ts';
import { drawPlan } from './faults/draw-plan.ts';
import type { PlannedFault } from './faults/fault-kind.ts';
import { type FaultResult, keepResult, keptResults } from './faults/fault-result.ts';
import { type FaultsOptions, HELP, parseFaultsOptions } from './faults/faults-options.ts';
import { failureText, momentOf, planTable, reportTable, resultLine } from './faults/faults-table.ts';
import { OwnMachines } from './faults/physical/own-machines.ts';
import { physicalCampaign, warningOf } from './faults/physical/physical-campaign.ts';
import { strike, warmUp } from './faults/strike.ts';

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  const options = parseFaultsOptions(process.argv.slice(2));
  const { seed, count, only, kinds, kindNames, cell, inTurn, testbed, file: testbedFile } = options;
  const [first, last] = only === undefined ? [1, count] : [only.first, only.last];
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const plan = drawPlan(seed, numbers, kinds, { inTurn, cell, testbed });
  if (options.plan) {
    log(planTable(plan));
    return;
  }
  const settings = resolveSettings(process.env, new Date());
  const file = path.join(
    settings.resultsDirectory,
    'faults',
    `${[`seed-${seed}`, testbedFile === undefined ? [] : path.parse(testbedFile).name, ...kindNames, cell ?? [], inTurn ? 'in-turn' : []].flat().join('-')}.ndjson`,
  );
  const kept = keptResults(file);
  // What is asked for by its number is repeated; a campaign continues.
  const open = only === undefined ? plan.filter(({ number }) => !kept.has(number)) : plan;
  await campaign(open, options, settings, (result) => {
    keepResult(file, result);
    kept.set(result.number, result);
  });
  const results = numbers.flatMap((number) => kept.get(number) ?? []);
  log(`\n${reportTable(results)}`);
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  for (const result of failed) log(`\n${failureText(result, options)}`);
  const left = numbers.length - results.length;
  if (left > 0) log(`\n${left} of ${numbers.length} faults are left. The same command continues.`);
  log(`\nEach result, with the output of those that failed: ${path.relative('', file)}`);
  if (failed.length > 0) process.exitCode = 1;
}

async function campaign(
  plan: readonly PlannedFault[],
  options: FaultsOptions,
  settings: Settings,
  onResult: (result: FaultResult) => void,
): Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  await using held = new AsyncDisposableStack();
  // Short, because Unix sockets are created in it.
  const { path: root } = held.use(mkdtempDisposableSync(path.join(tmpdir(), 'nb-faults-')));
  held.defer(
    onStopSignals({
      stop: (by) => stopping.abort(new Error(`stopped by ${by}`)),
      endMachines: () => endOwned(root),
      kept: () => 'The results so far are kept.',
      log,
    }),
  );
  const testbed = await campaignTestbed(options, held, signal);
  const warm = new Set<string>();
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  for (const [done, planned] of plan.entries()) {
    if (signal.aborted || seconds() > options.minutes * 60) return;
    const left = done === 0 ? '' : `, about ${inWords((seconds() / done) * (plan.length - done))} left`;
    const { number, kind, target, cell } = planned;
    log(
      `${number}: ${kind.name} ${target} in ${cell}, ${momentOf(planned)} (${done + 1} of ${plan.length}${left})`,
    );
    if (kind.needsRoot === true && userId() !== 0) {
      onResult({ number, kind: kind.name, target, cell, outcome: 'missed', wrong: [], seconds: 0 });
      log('  missed: it needs root');
      continue;
    }
    // Between two faults, whoever else waits for the testbed gets it.
    await using turn = new AsyncDisposableStack();
    await takeHost({
      waitMinutes: settings.waitMinutes,
      held: turn,
      onTestbed: () => {},
      onLost: (error) => stopping.abort(error),
      signal,
      log,
    });
    if (!warm.has(cell)) {
      log(`  first a run of ${cell} without a fault`);
      await warmUp(path.join(root, cell), planned, testbed, signal);
      warm.add(cell);
    }
    const result = await strike(path.join(root, String(number)), planned, testbed, signal);
    if (signal.aborted) return;
    onResult(result);
    log(`  ${resultLine(result)}`);
  }
}

/** That of the options. Two machines of the user's are first freed of what an earlier campaign left broken. */
async function campaignTestbed(
  { file }: FaultsOptions,
  held: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<CampaignTestbed> {
  if (file === undefined) return EMULATED_CAMPAIGN;
  const described = readTestbed(file);
  for (const line of warningOf(described)) log(line);
  const machines = held.use(new OwnMachines(described));
  // First: a machine whose keys an earlier campaign left hidden can't be held.
  for (const line of await machines.putBack(signal)) log(line);
  await using _ = await machines.hold(signal);
  return physicalCampaign(file, machines);
}

await runScript(HELP, main);

/** The texts of a campaign: its plan, each fault's line, and the closing report. */
import { words } from '../../setup/lib/error-text.ts';
import { textTable } from '../../setup/lib/text-table.ts';
import type { PlannedFault } from './fault-kind.ts';
import type { FaultsOptions } from './faults-options.ts';
import { type FaultResult, OUTCOMES } from './fault-result.ts';

export function planTable(plan: readonly PlannedFault[]): string {
  const rows = plan.map((fault) => [
    String(fault.number),
    fault.kind.name,
    fault.target,
    fault.cell,
    momentOf(fault),
    fault.kind.about,
  ]);
  return textTable([['#', 'kind', 'target', 'cell', 'moment', 'what it does'], ...rows]).join('\n');
}

/** `netperf-rr +340 ms` */
export function momentOf({ phase, benchmark, afterMs }: PlannedFault): string {
  return `${phase === 'measure' ? benchmark : phase} +${afterMs} ms`;
}

export function resultLine({ outcome, wrong, seconds, untilEndSeconds }: FaultResult): string {
  const until = untilEndSeconds === undefined ? '' : `, its run ended after ${untilEndSeconds.toFixed(1)} s`;
  return [`${outcome}${until} (${seconds.toFixed(0)} s)`, ...wrong.map((sentence) => `  ${sentence}`)].join(
    '\n',
  );
}

export function reportTable(results: readonly FaultResult[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))].toSorted();
  const rows = kinds.map((name) =>
    rowOf(
      name,
      results.filter(({ kind }) => kind === name),
    ),
  );
  return textTable([['kind', 'faults', ...OUTCOMES], ...rows, rowOf('all', results)], {
    right: (column) => column > 0,
  }).join('\n');
}

function rowOf(name: string, results: readonly FaultResult[]): string[] {
  const counts = OUTCOMES.map((outcome) => results.filter((one) => one.outcome === outcome).length);
  return [name, String(results.length), ...counts.map(String)];
}

/** What is wrong, and the command that repeats it. */
export function failureText(
  { number, kind, target, cell, wrong }: FaultResult,
  {
    seed,
    kindNames,
    cell: only,
    inTurn,
    file,
  }: Pick<FaultsOptions, 'seed' | 'kindNames' | 'cell' | 'inTurn' | 'file'>,
): string {
  const options = [
    ...kindNames.map((name) => ` --kind ${name}`),
    only === undefined ? '' : ` --cell ${only}`,
    inTurn ? ' --in-turn' : '',
    file === undefined ? '' : ` --testbed ${words([file])} --break-these-machines`,
  ].join('');
  return [
    `${number}: ${kind} ${target} in ${cell}`,
    ...wrong.map((sentence) => `  ${sentence}`),
    `  npm run faults -- --seed ${seed}${options} --only ${number}`,
  ].join('\n');
}

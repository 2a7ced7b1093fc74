/** What the boot bench measured, as text that a person reads at a glance. Pure. */
import { type CellName, levelName } from '../fixtures/matrix.ts';
import { count, wrap } from '../reporters/text.ts';
import { type Booted, type BootResult, type BootSettings, type NotBooted, whyNotUp } from './boot-result.ts';

type Up = BootResult & { readonly outcome: Booted };
type Lost = BootResult & { readonly outcome: NotBooted };

/** The level's row of a table of phases for what is no phase of a level. */
const START = 'start';
const REST = 'rest';

/** The boots side by side, then where their time went, a block for each level. */
export function bootTable(results: readonly BootResult[], columns: number): string {
  const cells = [...new Set(results.map(({ cell }) => cell))];
  if (cells.length === 0) return 'No stack was booted.';
  const rounds = Math.max(...results.map(({ round }) => round));
  const comparisons = cells.map((cell) => compare(cell, results));
  return [
    wrap(
      `From the command's start to "Ready to run experiments!", cold, with a warm cache; ${rounds === 1 ? 'one round' : `the median of ${count(rounds, 'round')}, in parentheses the fastest and the slowest`}.`,
      columns,
      '',
    ),
    table([['level', 'ours', 'stock', 'stock / ours'], ...comparisons.map(comparisonRow)]),
    ...comparisons.map(phasesBlock).filter((block) => block !== ''),
    notes(results, columns),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

interface Comparison {
  readonly name: string;
  readonly results: Readonly<Record<BootSettings, readonly BootResult[]>>;
  /** The boot of the median time, whole: its phases belong together. */
  readonly median: Readonly<Record<BootSettings, Up | undefined>>;
}

function compare(cell: CellName, all: readonly BootResult[]): Comparison {
  const of = (settings: BootSettings): BootResult[] =>
    all.filter((result) => result.cell === cell && result.settings === settings);
  const results = { ours: of('ours'), stock: of('stock') };
  const level = all.find((result) => result.cell === cell)?.level ?? 0;
  return {
    name: levelName(level),
    results,
    median: { ours: medianUp(results.ours), stock: medianUp(results.stock) },
  };
}

function isUp(result: BootResult): result is Up {
  return result.outcome.state === 'up';
}

function isLost(result: BootResult): result is Lost {
  return result.outcome.state !== 'up';
}

function total({ startSeconds, outcome }: Up): number {
  return startSeconds + outcome.seconds;
}

function sorted(results: readonly BootResult[]): Up[] {
  return results.filter(isUp).toSorted((a, b) => total(a) - total(b));
}

/** Of an even number the slower of the two in the middle; of boots of which some did not come up, of those that did. */
function medianUp(results: readonly BootResult[]): Up | undefined {
  const ups = sorted(results);
  return ups[Math.floor(ups.length / 2)];
}

function comparisonRow({ name, results, median: { ours, stock } }: Comparison): string[] {
  return [name, timeText(results.ours), timeText(results.stock), ratioText(ours, stock, results.stock)];
}

function timeText(results: readonly BootResult[]): string {
  if (results.length === 0) return '-';
  const median = medianUp(results);
  const lost = results.filter(isLost);
  const why = lost[0] === undefined ? '' : whyNotUp(lost[0].outcome);
  if (median === undefined) return why;
  const ups = sorted(results).map(total);
  const range = ups.length < 2 ? '' : ` (${seconds(ups[0])} to ${seconds(ups.at(-1))})`;
  const losses = lost.length === 0 ? '' : `; ${lost.length} of ${results.length} ${why}`;
  return `${seconds(total(median))} s${range}${losses}`;
}

function ratioText(ours: Up | undefined, stock: Up | undefined, stocks: readonly BootResult[]): string {
  if (ours === undefined) return '-';
  if (stock !== undefined) return `${(total(stock) / total(ours)).toFixed(1)}x`;
  const late = stocks.find(({ outcome }) => outcome.state === 'late');
  return late?.outcome.state === 'late'
    ? `more than ${((late.startSeconds + late.outcome.deadlineSeconds) / total(ours)).toFixed(1)}x`
    : '-';
}

/** The phases of a level's boots: machines down, kinds across, `ours / stock` in each place. */
function phasesBlock({ name, median: { ours, stock } }: Comparison): string {
  if (ours === undefined && stock === undefined) return '';
  const both = { ours: ours && phaseSeconds(ours), stock: stock && phaseSeconds(stock) };
  const known = [both.ours, both.stock].filter((each) => each !== undefined);
  const kinds = [...new Set(known.flatMap(({ kinds: own }) => own))];
  const machines = [...new Set(known.flatMap(({ machines: own }) => own))];
  const place = (machine?: string, kind?: string): string => {
    const texts = [both.ours, both.stock].map((each) => (each === undefined ? '-' : each.sum(machine, kind)));
    return texts.every((text) => text === '-') ? '' : texts.join(' / ');
  };
  const row = (title: string, machine?: string): string[] =>
    [title].concat(
      kinds.map((kind) => place(machine, kind)),
      place(machine),
    );
  return [
    `${name}, where the time goes: ours / stock, in seconds`,
    table([['', ...kinds, 'sum'], ...machines.map((machine) => row(machine, machine)), row('sum')]),
  ].join('\n');
}

interface PhaseSeconds {
  readonly machines: readonly string[];
  readonly kinds: readonly string[];
  /** Of one machine and kind, or of all of them; `-` where there is no such phase. */
  readonly sum: (machine?: string, kind?: string) => string;
}

/** The client comes up beside the levels, so that its phases are no part of the time. */
function phaseSeconds(result: Up): PhaseSeconds {
  const levels = result.outcome.phases
    .map(({ name, seconds: took }) => {
      const [machine = '', kind = ''] = name.split(': ');
      return { machine: machine.toUpperCase(), kind, took };
    })
    .filter(({ machine }) => /^L\d$/.test(machine));
  const rest = result.outcome.seconds - levels.reduce((sum, { took }) => sum + took, 0);
  const all = [
    { machine: START, kind: '', took: result.startSeconds },
    ...levels,
    { machine: REST, kind: '', took: rest },
  ];
  return {
    machines: [...new Set(all.map(({ machine }) => machine))],
    kinds: [...new Set(levels.map(({ kind }) => kind))],
    sum(machine, kind) {
      const meant = all.filter(
        (phase) =>
          (machine === undefined || phase.machine === machine) && (kind === undefined || phase.kind === kind),
      );
      return meant.length === 0 ? '-' : seconds(meant.reduce((sum, { took }) => sum + took, 0));
    },
  };
}

/** How far those came that did not come up, and why. */
function notes(results: readonly BootResult[], columns: number): string {
  return results
    .filter(isLost)
    .map(({ level, settings, round, outcome, steps }) => {
      const how = steps.map(({ text, seconds: at }) => `${text} from ${seconds(at)} s on`).join(', ');
      const message = outcome.state === 'failed' ? ` ${outcome.message}` : '';
      return wrap(
        `${levelName(level)}, ${settings}, round ${round}, ${whyNotUp(outcome)}: ${how || 'nothing was started'}.${message}`,
        columns,
        '  ',
        '',
      );
    })
    .join('\n');
}

function seconds(value: number | undefined): string {
  return value === undefined ? '-' : Math.max(0, value).toFixed(1);
}

/** The first column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}

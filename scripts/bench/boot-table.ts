/** The results of the boot bench as tables. Pure. */
import { type CellName, levelName } from '../../fixtures/matrix.ts';
import { wrap } from '../../reporters/model/text.ts';
import { count } from '../../setup/lib/count.ts';
import { textTable } from '../../setup/lib/text-table.ts';
import {
  type Booted,
  BOOT_SETTINGS,
  type BootResult,
  type BootSettings,
  type FirstSample,
  type NotBooted,
  whyNotUp,
} from './boot-result.ts';

type Up = BootResult & { readonly outcome: Booted };
type Lost = BootResult & { readonly outcome: NotBooted };

/** The row in a table of phases for what is not part of a level. */
const START = 'start';
const REST = 'rest';

/** The boots side by side, then where their time went, in a block for each level. */
export function bootTable(results: readonly BootResult[], columns: number): string {
  const cells = [...new Set(results.map(({ cell }) => cell))];
  if (cells.length === 0) return 'No stack was booted.';
  const rounds = Math.max(...results.map(({ round }) => round));
  const comparisons = cells.map((cell) => compare(cell, results));
  const shown = BOOT_SETTINGS.filter((settings) => results.some((result) => result.settings === settings));
  // Each next to the one that it should be faster than.
  const ratios = shown.slice(1).map((settings, index) => [settings, shown[index] ?? settings] as const);
  const rowOf = (comparison: Comparison): string[] => [
    comparison.name,
    ...shown.map((settings) => timeText(comparison.results[settings])),
    ...ratios.map(([slow, fast]) => ratioText(comparison, slow, fast)),
  ];
  return [
    wrap(
      `From the command's start to "Ready to run experiments!", with kernel and image built before; ${rounds === 1 ? 'one round' : `the median of ${count(rounds, 'round')}, in parentheses the fastest and the slowest`}.`,
      columns,
      '',
    ),
    table([
      ['level', ...shown, ...ratios.map(([one, other]) => `${one} / ${other}`)],
      ...comparisons.map(rowOf),
    ]),
    ...comparisons.map((comparison) => phasesBlock(comparison, shown)).filter((block) => block !== ''),
    notes(results, columns),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

interface Comparison {
  readonly name: string;
  readonly results: Readonly<Record<BootSettings, readonly BootResult[]>>;
  /** The boot with the median time. Its phases are kept together. */
  readonly median: Readonly<Record<BootSettings, Up | undefined>>;
}

function compare(cell: CellName, all: readonly BootResult[]): Comparison {
  const of = (settings: BootSettings): BootResult[] =>
    all.filter((result) => result.cell === cell && result.settings === settings);
  const results = { warm: of('warm'), cold: of('cold'), stock: of('stock') };
  const level = all.find((result) => result.cell === cell)?.level ?? 0;
  return {
    name: levelName(level),
    results,
    median: {
      warm: medianUp(results.warm),
      cold: medianUp(results.cold),
      stock: medianUp(results.stock),
    },
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

/** For an even number, the slower of the two in the middle. Only boots that came up count. */
function medianUp(results: readonly BootResult[]): Up | undefined {
  const ups = sorted(results);
  return ups[Math.floor(ups.length / 2)];
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

function ratioText({ results, median }: Comparison, slow: BootSettings, fast: BootSettings): string {
  const [one, other] = [median[slow], median[fast]];
  if (other === undefined) return '-';
  if (one !== undefined) return `${(total(one) / total(other)).toFixed(1)}x`;
  const late = results[slow].find(({ outcome }) => outcome.state === 'late');
  return late?.outcome.state === 'late'
    ? `more than ${((late.startSeconds + late.outcome.deadlineSeconds) / total(other)).toFixed(1)}x`
    : '-';
}

/** The phases of a level's boots: machines down, kinds across, with `warm / cold / stock` in each place. */
function phasesBlock({ name, median }: Comparison, shown: readonly BootSettings[]): string {
  const all = shown.map((settings) => median[settings]).map((up) => up && phaseSeconds(up));
  const known = all.filter((each) => each !== undefined);
  if (known.length === 0) return '';
  const kinds = [...new Set(known.flatMap(({ kinds: own }) => own))];
  const machines = [...new Set(known.flatMap(({ machines: own }) => own))];
  const place = (machine?: string, kind?: string): string => {
    const texts = all.map((each) => (each === undefined ? '-' : each.sum(machine, kind)));
    return texts.every((text) => text === '-') ? '' : texts.join(' / ');
  };
  const row = (title: string, machine?: string): string[] =>
    [title].concat(
      kinds.map((kind) => place(machine, kind)),
      place(machine),
    );
  return [
    `${name}, where the time goes: ${shown.join(' / ')}, in seconds`,
    table([['', ...kinds, 'sum'], ...machines.map((machine) => row(machine, machine)), row('sum')]),
  ].join('\n');
}

interface PhaseSeconds {
  readonly machines: readonly string[];
  readonly kinds: readonly string[];
  /** For one machine and kind, or for all of them; `-` without such a phase. */
  readonly sum: (machine?: string, kind?: string) => string;
}

/** The client boots at the same time as the levels, so its phases do not add to the time. */
function phaseSeconds(result: Up): PhaseSeconds {
  const levels = result.outcome.phases
    .map(({ name, seconds: took }) => {
      const [machine = '', kind = ''] = name.split(': ');
      return { machine: /^l\d$/.test(machine) ? machine.toUpperCase() : machine, kind, took };
    })
    .filter(({ machine }) => machine !== 'client');
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

/** How far the failed boots came, and why they failed. */
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

/** The first column is aligned left, numbers right. */
function table(rows: readonly (readonly string[])[]): string {
  const lines = textTable(rows, { gap: '   ', right: (column) => column > 0 });
  return lines.map((line) => `  ${line}`).join('\n');
}

/** How long a user waits for the first sample of a warm cell. */
export function firstSampleTable(results: readonly FirstSample[], columns: number): string {
  const rows = [...Map.groupBy(results, ({ level }) => level)].map(([level, its]) => {
    const fastestFirst = its.toSorted((one, other) => one.seconds - other.seconds);
    const median = fastestFirst[Math.floor(fastestFirst.length / 2)];
    const range =
      its.length < 2
        ? ''
        : ` (${seconds(fastestFirst[0]?.seconds)} to ${seconds(fastestFirst.at(-1)?.seconds)})`;
    const own = median === undefined ? undefined : median.seconds - median.vitestSeconds;
    return [
      levelName(level),
      `${seconds(median?.seconds)} s${range}`,
      `${seconds(median?.vitestSeconds)} s`,
      `${seconds(own)} s`,
    ];
  });
  const heading = wrap(
    'From `npx vitest run suites/lN --project lN-baseline -t hackbench` to the start of its first sample, warm.',
    columns,
    '',
  );
  return [heading, '', table([['level', 'first sample', "npx and Vitest's", 'ours'], ...rows])].join('\n');
}

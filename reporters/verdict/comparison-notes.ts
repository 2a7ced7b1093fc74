/** The notes below a comparison's table: how to read it, how far to trust it, and what only one side has. */
import { count } from '../../setup/lib/count.ts';
import type { Compared, ComparedRow, Look, ResolvedOptions, Tests, Unmatched } from './comparison.ts';
import { percent } from './verdict.ts';

/** How to read the table. Only explains what it shows. */
export function legend({ rows, tests, options, looks }: Compared): string[] {
  const [declared, undecided] = [
    rows.filter(({ verdict }) => verdict.kind === 'regression' || verdict.kind === 'improvement'),
    rows.filter(({ verdict }) => verdict.kind === 'undecided'),
  ];
  return [
    "change: head against base, by the mean of the boots' means (harmonic for rates)",
    ...(rows.some(({ interval }) => interval !== null)
      ? [`interval: bootstrap-t over boots; Student's t if a side has fewer than five${together(looks)}`]
      : []),
    ...(rows.some(({ interval }) => interval === null) ? ['no interval: a side has only one boot'] : []),
    "p: two-sided, over boots: the larger p of Welch's t-test and of a permutation test of the same t",
    `declared: p below ${levels(options, looks)}, an interval without 0, and a change above ${effects(rows)}; no change: the whole interval within it`,
    ...(rows.some(({ verdict }) => verdict.kind === 'changed')
      ? ['changed: declared in the same way, but the toolchain changed too, and may be the cause']
      : []),
    ...(undecided.length > 0
      ? ['needs: how many boots each side would need for a decision, at this noise']
      : []),
    ...tooFew(undecided),
    chance(tests, options),
    ...(declared.length > 0 ? [stands(declared, tests, options), LIMIT] : []),
  ];
}

/** What `npm run bench:validity` measured for p < 0.01, with 5 boots on the noisier side. */
export const LIMIT =
  'p and interval hold for nearly normal noise; if one side scatters five times as much as the other, chance alone gives p < 0.01 in up to 1.4 of 100 cases; if that side is also skewed or has two modes, which a few boots may not show, in 5 or 17 of 100';

function together(looks: readonly Look[] = []): string {
  return looks.length < 2 ? '' : '; each so wide that those of all looks together hold in 95 %';
}

/** `0.01`, or with several looks each look's own: a row keeps the result of the look that closed it. */
function levels({ significance }: ResolvedOptions, looks: readonly Look[] = []): string {
  if (looks.length < 2) return String(significance);
  const each = looks.map((look) => `${look.significance} after round ${look.afterRound}`);
  return `${each.join(', ')} (together ${significance})`;
}

/** `5 %`, or `10 % (hackbench), 5 % (the others)`. */
function effects(rows: readonly ComparedRow[]): string {
  const groups = [...Map.groupBy(rows, ({ minimumEffect }) => minimumEffect)]
    .map(([effect, its]) => ({
      effect: percent(effect),
      names: new Set(its.map(({ benchmark }) => benchmark)),
    }))
    .toSorted((one, other) => one.names.size - other.names.size);
  return groups
    .map(({ effect, names }, index) => {
      if (index < groups.length - 1) return `${effect} (${[...names].join(', ')})`;
      return index === 0 ? effect : `${effect} (the others)`;
    })
    .join(', ');
}

/** Once for each number of boots, not for each row. */
function tooFew(undecided: readonly ComparedRow[]): string[] {
  const reasons = undecided
    .map(({ verdict }) => verdict.reason)
    .filter((reason) => reason.includes("boots can't reach"));
  return [...new Set(reasons)];
}

function chance({ count: number, expectedFalseAlarms }: Tests, { significance }: ResolvedOptions): string {
  if (number === 0) return 'no test: one boot per side does not show how boots differ';
  const tests = `${count(number, 'test')} at p < ${significance}`;
  if (expectedFalseAlarms === 0) return `${tests}: with so few boots none of them can declare anything`;
  return `${tests}: without any change, chance would declare at most ${Number(expectedFalseAlarms.toPrecision(2))} regressions on average`;
}

function stands(declared: readonly ComparedRow[], tests: Tests, { significance }: ResolvedOptions): string {
  const surviving = declared.filter(({ adjusted }) => adjusted !== null && adjusted < significance);
  return `with p adjusted for all ${count(tests.count, 'test')} (Holm), ${surviving.length} of ${declared.length} declared would remain`;
}

/** What only one side measured; a failure of the head first, because it may be the worst regression. */
export function unmatchedLines(unmatched: readonly Unmatched[]): { text: string; failed: boolean }[] {
  const groups = Map.groupBy(unmatched, ({ measured, other }) =>
    JSON.stringify([measured, other.state, other.reason]),
  );
  return [...groups.values()]
    .flatMap((its) => {
      const [first] = its;
      if (first === undefined) return [];
      const { measured, other } = first;
      const failed = isBroken(first);
      const word = failed ? 'FAILED IN THE HEAD, measured in the base' : `Only in the ${measured}`;
      const where = its.map(({ cell, benchmark }) => `${cell} ${benchmark}`).join(', ');
      const state =
        other.state === 'missing' ? other.reason : `${other.state}: ${firstSentence(other.reason)}`;
      return [{ text: `${word}: ${where} (${state})`, failed }];
    })
    .toSorted((one, another) => Number(another.failed) - Number(one.failed));
}

/** Whether the base was measured and the head failed. */
export function isBroken({ measured, other }: Unmatched): boolean {
  return measured === 'base' && other.state === 'failed';
}

export function firstSentence(reason: string): string {
  return reason.split('\n')[0] ?? reason;
}

/**
 * Differences between two experiments that do not forbid their comparison: those that may be its point, and unintended
 * ones.
 */
import type { BootRecord, ExperimentRecord, LevelFacts } from '../../fixtures/records.ts';
import { describeHost } from '../analysis/heading.ts';
import type { Results } from '../model/experiment-results.ts';
import { describeContention } from '../analysis/fairness.ts';
import { changesByChance, describeChanges, type ToolchainChange } from '../analysis/toolchain-changes.ts';
import { cellsInOtherStates } from '../analysis/stack-states.ts';
import type { Difference, Side } from './comparison.ts';

/** Differences that may be the point: the software of host, levels and nestbench. */
export function changedBetween(base: Results, head: Results): Difference[] {
  const versions = new Set([...base.starts, ...head.starts].flatMap((start) => Object.keys(start.versions)));
  const compared: [what: string, of: (start: ExperimentRecord) => string][] = [
    ['nestbench commit', commit],
    ['host kernel', (start) => start.host.kernel],
    ...[...versions].map((name): [string, (start: ExperimentRecord) => string] => [
      name,
      (start) => start.versions[name] ?? 'not recorded',
    ]),
  ];
  const ofStarts = compared.map(([what, of]) => ({
    what,
    base: valuesOf(base.starts, of),
    head: valuesOf(head.starts, of),
  }));
  return [...ofStarts.filter((each) => each.base !== each.head), ...changedLevels(base, head)];
}

function commit({ commit: hash, modified }: ExperimentRecord): string {
  return `${hash?.slice(0, 12) ?? 'none'}${modified ? ', with uncommitted changes' : ''}`;
}

/** The distinct values of all starts, as one text. */
export function valuesOf(
  starts: readonly ExperimentRecord[],
  of: (start: ExperimentRecord) => string,
): string {
  return [...new Set(starts.map(of))].toSorted().join(' and ');
}

/** Differences in what was running at a level, over all cells; the same difference in several cells is listed once. */
function changedLevels(base: Results, head: Results): Difference[] {
  const ofHead = new Map(bootsOf(head).map((boot) => [stackOf(boot), boot]));
  const all = bootsOf(base).flatMap((boot) =>
    boot.levels.flatMap((level) => {
      const other = ofHead.get(stackOf(boot))?.levels.find((each) => each.level === level.level);
      return other === undefined ? [] : changedLevel(level, other);
    }),
  );
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()].toSorted((one, other) =>
    one.what < other.what ? -1 : Number(one.what > other.what),
  );
}

/** A cell has a different stack for each clock. */
function stackOf({ cell, clock = 'real' }: BootRecord): string {
  return `${cell} ${clock}`;
}

/** The last boot of each stack. */
function bootsOf({ records }: Results): BootRecord[] {
  return [
    ...new Map(
      records.flatMap((record) => (record.type === 'boot' ? [[stackOf(record), record] as const] : [])),
    ).values(),
  ];
}

function changedLevel(base: LevelFacts, head: LevelFacts): Difference[] {
  const [words, otherWords] = [parameters(base), parameters(head)];
  return [
    { what: `L${base.level}'s kernel`, base: base.kernelRelease, head: head.kernelRelease },
    {
      what: `L${base.level}'s QEMU`,
      base: base.qemu?.version ?? 'none',
      head: head.qemu?.version ?? 'none',
    },
    {
      what: `L${base.level}'s kernel parameters`,
      base: words.filter((word) => !otherWords.includes(word)).join(' ') || 'without the others',
      head: otherWords.filter((word) => !words.includes(word)).join(' ') || 'without the others',
    },
  ].filter((each) => each.base !== each.head);
}

/** nestbench's own parameters: the machine's name, and the TSC's rate, which is measured at each start. */
const OURS = /^(?:nestbench\.|tsc_early_khz=)/;

function parameters({ commandLine }: LevelFacts): string[] {
  return commandLine.split(/\s+/).filter((word) => word !== '' && !OURS.test(word));
}

/** Possibly unintended differences, and what else a reader must know to trust the table; a sentence each. */
export function warningsOf(base: Results, head: Results): string[] {
  return [
    ...anotherHost(base, head),
    ...anotherToolchain(base, head),
    ...otherStates(base, head),
    ...notInTurn(base, head),
    ...oneSnapshot('base', base),
    ...oneSnapshot('head', head),
    ...partial('base', base),
    ...partial('head', head),
    ...contended('base', base),
    ...contended('head', head),
  ];
}

function anotherHost(base: Results, head: Results): string[] {
  const [one, other] = [valuesOf(base.starts, describeHost), valuesOf(head.starts, describeHost)];
  if (one === other) return [];
  return [
    `ANOTHER HOST: the base was measured on ${one}, the head on ${other}. Differences may come from the hosts instead of your change.`,
  ];
}

function anotherToolchain(base: Results, head: Results): string[] {
  const changes = toolchainChangesBetween(base, head);
  if (changes.length === 0) return [];
  return [
    `ANOTHER TOOLCHAIN: ${describeChanges(changes)}. It may cause a difference instead of the code under test, so a difference is called "changed". To find out, measure both sides with one toolchain: npm run ab, or npm run cache -- import on the machine that measures.`,
  ];
}

/** Toolchain differences between any two starts of the sides, except those that their variants select. */
export function toolchainChangesBetween(base: Results, head: Results): ToolchainChange[] {
  const all = base.starts.flatMap((one) => head.starts.flatMap((other) => changesByChance(one, other)));
  return [...new Map(all.map((change) => [JSON.stringify(change), change])).values()];
}

function otherStates(base: Results, head: Results): string[] {
  const cells = cellsInOtherStates(base, head);
  if (cells.length === 0) return [];
  return [
    `OTHER STATES: some stacks of ${cells.join(', ')} were measured as booted, others restored from a snapshot. Differences may come from that instead of your change.`,
  ];
}

/**
 * A shared host was seen to become half as fast within minutes. That affects both sides equally only if they alternate.
 */
function notInTurn(base: Results, head: Results): string[] {
  const [one, other] = [spanOf(base), spanOf(head)];
  if (one === undefined || other === undefined) return [];
  if (one.from <= other.to && other.from <= one.to) return [];
  const [first, second] = one.to < other.from ? ['base', 'head'] : ['head', 'base'];
  return [
    `NOT ALTERNATING: all of the ${second} was measured after all of the ${first}, so a change of the host in between looks like your change. \`npm run ab\` alternates.`,
  ];
}

/** From the first boot to the last. */
function spanOf({ records }: Results): { from: string; to: string } | undefined {
  const times = records.flatMap((record) => (record.type === 'boot' ? [record.at] : [])).toSorted();
  const [from, to] = [times[0], times.at(-1)];
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** A stack's memory layout is part of what differs between boots, and restores of one snapshot share it. */
function oneSnapshot(side: Side, { records }: Results): string[] {
  const starts = records.flatMap((record) =>
    record.type === 'boot' ? [[record.cell, record.start] as const] : [],
  );
  const cells = [...Map.groupBy(starts, ([cell]) => cell)].flatMap(([cell, its]) => {
    const snapshots = new Set(
      its.map(([, start]) => (start === undefined || start.kind === 'cold' ? null : start.snapshot)),
    );
    return its.length > 1 && snapshots.size === 1 && !snapshots.has(null) ? [cell] : [];
  });
  if (cells.length === 0) return [];
  return [
    `ONE SNAPSHOT: all boots of ${cells.join(', ')} in the ${side} are restores of one snapshot, so the intervals do not include differences between boots. BOOT=cold reboots for each.`,
  ];
}

function contended(side: Side, results: Results): string[] {
  const contention = describeContention(results, { withPlaces: true });
  return contention === '' ? [] : [`OTHER WORK: in the ${side} ${contention}.`];
}

function partial(side: Side, { cells }: Results): string[] {
  const places = cells.flatMap(({ name, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]) =>
      outcome.state === 'measured' && outcome.failures.length > 0 ? [`${name} ${benchmark}`] : [],
    ),
  );
  if (places.length === 0) return [];
  return [`The ${side} failed part way, with fewer samples than planned: ${places.join(', ')}.`];
}

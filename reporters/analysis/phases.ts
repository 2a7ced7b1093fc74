/** Where the time of a run went: what came before its cells, and the phases of each cell, from the journal alone. */
import { type BootRecord, type ExperimentRecord, SIDE_BY_SIDE } from '../../fixtures/records.ts';
import type { Results } from '../model/experiment-results.ts';
import type { JournalItem } from '../model/measured-series.ts';
import { sum } from '../model/sum.ts';

/**
 * The stages of a cell, in order of time. `prime` belongs to a stack that booted, and `save`, which includes the proof
 * of the snapshot, to one that was saved; `guests` to all levels above L0 when it is restored, which resume together.
 * `rest` is what no record covers.
 */
export const STAGES = [
  'worker',
  'L0',
  'L1',
  'L2',
  'L3',
  'prime',
  'save',
  'guests',
  'services',
  'around',
  'samples',
  'gaps',
  'end',
  'rest',
] as const;
export type Stage = (typeof STAGES)[number];

const NO_TIME: Readonly<Record<Stage, number>> = {
  worker: 0,
  L0: 0,
  L1: 0,
  L2: 0,
  L3: 0,
  prime: 0,
  save: 0,
  guests: 0,
  services: 0,
  around: 0,
  samples: 0,
  gaps: 0,
  end: 0,
  rest: 0,
};

export interface CellTime {
  readonly cell: string;
  /** Wall time in seconds from the end of its predecessor to the end of its stack. */
  readonly total: number;
  readonly stages: Readonly<Record<Stage, number>>;
  /** The phases of its boots, level by level. The client boots at the same time as the levels. */
  readonly boot: readonly { readonly name: string; readonly seconds: number }[];
}

/** What came before the cells in all starts, by name, in order. */
export function preparation({ starts }: Results): { name: string; seconds: number }[] {
  return summed(starts.flatMap(({ phases }) => phases ?? []));
}

/** For every cell that was booted, all starts together. */
export function cellTimes({ records }: Results): CellTime[] {
  return [...Map.groupBy(visits(records), ({ cell }) => cell)].map(([cell, its]) => ({
    cell,
    total: sum(its.map(({ since, until }) => until - since)),
    stages: stagesOf(its),
    boot: summed(its.flatMap(({ boots }) => boots.flatMap(({ phases }) => phases))),
  }));
}

/** A cell in one start of the experiment: its records, and when it began and ended, in seconds. */
interface Visit {
  readonly cell: string;
  since: number;
  until: number;
  /** A second one replaced a stack that was lost. */
  readonly boots: BootRecord[];
  readonly records: JournalItem[];
}

/**
 * A cell begins when its predecessor ended, or when the experiment's record was written. Of cells that ran side by side,
 * the predecessor is the one that had the same CPUs.
 */
function visits(records: readonly JournalItem[]): Visit[] {
  const all: Visit[] = [];
  const open = new Map<string, Visit>();
  /** When a stack last used each set of CPUs. A killed worker leaves no record of its end. */
  const used = new Map<string, number>();
  let areBeside = false;
  let began = 0;
  let last = 0;
  for (const record of records) {
    const now = Date.parse(record.at) / 1000;
    if (record.type === 'experiment') {
      open.clear();
      used.clear();
      began = now;
      areBeside = record.testbed.settings[SIDE_BY_SIDE] !== undefined;
    } else {
      let visit = open.get(record.cell);
      if (visit === undefined) {
        if (!areBeside) open.clear();
        visit = { cell: record.cell, since: areBeside ? now : last, until: now, boots: [], records: [] };
        open.set(record.cell, visit);
        all.push(visit);
      }
      if (record.type === 'boot') {
        if (areBeside && visit.boots.length === 0) visit.since = used.get(laneOf(record)) ?? began;
        visit.boots.push(record);
      }
      visit.records.push(record);
      visit.until = now;
      for (const boot of visit.boots) used.set(laneOf(boot), now);
      if (areBeside && record.type === 'end') open.delete(record.cell);
    }
    last = now;
  }
  return all.filter(({ boots }) => boots.length > 0);
}

function laneOf({ hostCpus = [] }: BootRecord): string {
  return hostCpus.join(',');
}

function stagesOf(its: readonly Visit[]): Record<Stage, number> {
  const stages = { ...NO_TIME };
  for (const { since, until, boots, records } of its) {
    let covered = 0;
    const add = (stage: Stage, seconds: number): void => {
      stages[stage] += seconds;
      covered += seconds;
    };
    const [first] = boots;
    if (first !== undefined) add('worker', Math.max(0, Date.parse(first.at) / 1000 - first.seconds - since));
    const phases = records.flatMap((record) =>
      record.type === 'boot' || record.type === 'end' ? (record.phases ?? []) : [],
    );
    for (const { name, seconds } of phases) {
      const [machine = ''] = name.split(': ');
      const stage = STAGES.find((one) => one.toLowerCase() === machine);
      if (stage !== undefined) add(stage, seconds);
    }
    for (const record of records) {
      if (record.type === 'service') add('services', record.seconds);
      if (record.type === 'end') add('end', record.seconds);
      if (record.type !== 'samples') continue;
      add('around', record.sums.aroundSeconds);
      add('samples', record.sums.seconds);
      add('gaps', record.sums.gapSeconds);
    }
    stages.rest += Math.max(0, until - since - covered);
  }
  return stages;
}

function summed(phases: NonNullable<ExperimentRecord['phases']>): { name: string; seconds: number }[] {
  return [...Map.groupBy(phases, ({ name }) => name)].map(([name, its]) => ({
    name,
    seconds: sum(its.map(({ seconds }) => seconds)),
  }));
}

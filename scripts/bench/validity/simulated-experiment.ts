/** Simulated experiments in the form of a journal, so that they are processed like real ones. */
import type { JournalRecord } from '../../../fixtures/records.ts';
import {
  collectResults,
  type Measured,
  outcomeOf,
  type Results,
} from '../../../reporters/model/experiment-results.ts';
import { factor, type Noise } from './noise.ts';
import type { Random } from './simulation.ts';

export interface SimulatedCell {
  readonly cell: string;
  /** The true mean over all possible boots. */
  readonly mean: number;
  /** The iterations of each run of each boot: `[[3, 3], [3]]` is a boot of two runs and a boot of one. */
  readonly boots: readonly (readonly number[])[];
  /** The scatter of boots, of runs in a boot, and of iterations in a run, as shares of their mean. */
  readonly betweenBoots: number;
  readonly betweenRuns: number;
  readonly within: number;
  /** The distribution of boots, if it is not nearly normal. */
  readonly noise?: Noise;
  /** Whether all boots were restored from one snapshot, and so share its deviation. */
  readonly fromSnapshot?: boolean;
}

const AT = '2026-11-23T00:41:00.000Z';
export const BENCHMARK = 'hackbench';

export function simulatedResults(cells: readonly SimulatedCell[], random: Random): Results {
  return collectResults(cells.flatMap((cell) => recordsOf(cell, random)));
}

function recordsOf(
  { cell, mean, boots, betweenBoots, noise, betweenRuns, within, fromSnapshot = false }: SimulatedCell,
  random: Random,
): JournalRecord[] {
  const place = { at: AT, cell, benchmark: BENCHMARK, unit: 's', better: 'lower' } as const;
  const records: JournalRecord[] = [];
  let run = 0;
  for (const runs of boots) {
    records.push({ type: 'boot', at: AT, cell, start: startOf(fromSnapshot), ...NOTHING });
    const ofBoot = mean * (noise ? 1 + betweenBoots * noise(random) : factor(betweenBoots, random));
    for (const iterations of runs) {
      run += 1;
      records.push({ type: 'series', ...place, run, sizes: { iterations }, on: 'level', argv: [] });
      const ofRun = ofBoot * factor(betweenRuns, random);
      for (let iteration = 1; iteration <= iterations; iteration++) {
        const value = ofRun * factor(within, random);
        records.push({
          type: 'sample',
          ...place,
          run,
          iteration,
          value,
          started: AT,
          seconds: 1,
          output: '',
        });
      }
    }
  }
  return records;
}

const NOTHING = { levels: [], client: null, phases: [], seconds: 1 };

function startOf(fromSnapshot: boolean): Extract<JournalRecord, { type: 'boot' }>['start'] {
  return fromSnapshot
    ? { kind: 'warm', snapshot: 'l2', madeAt: AT, bytes: 1, behindSeconds: 0 }
    : { kind: 'cold', why: 'simulated' };
}

/**
 * @throws {Error} if it was not measured, which a simulation always is.
 */
export function measuredOf(results: Results, cell: string): Measured {
  const outcome = outcomeOf(results, cell, BENCHMARK);
  if (outcome.state !== 'measured') throw new Error(`${cell} is ${outcome.state}`);
  return outcome;
}

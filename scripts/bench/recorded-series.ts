/** Real measured series for the bench of adaptive stopping: those in fixtures/recorded, and those of journals. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Results } from '../../reporters/model/experiment-results.ts';

export interface Recorded {
  readonly name: string;
  readonly values: readonly number[];
}

/** With fewer values, the drawn series are too similar. */
export const MIN_VALUES = 10;

const file = z.object({
  /** How, when and where they were measured. */
  made: z.string(),
  series: z.array(z.object({ name: z.string(), unit: z.string(), values: z.array(z.number().positive()) })),
});

/** Those in fixtures/recorded. */
export function keptSeries(): Recorded[] {
  const kept = path.join(import.meta.dirname, '../../fixtures/recorded/series.json');
  return file.parse(JSON.parse(readFileSync(kept, 'utf8'))).series;
}

/** Every run of an experiment that is long enough, and the number of the others. */
export function seriesOf(
  experiment: string,
  { cells }: Results,
): { readonly series: readonly Recorded[]; readonly short: number } {
  const runs = cells.flatMap(({ name, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]) =>
      outcome.state === 'measured'
        ? outcome.runs.map(({ run, values }) => ({
            name: `${experiment}: ${name} ${benchmark}, run ${run}`,
            values,
          }))
        : [],
    ),
  );
  const series = runs.filter(({ values }) => values.length >= MIN_VALUES);
  return { series, short: runs.length - series.length };
}

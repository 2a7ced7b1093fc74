/**
 * `exchange/bencher.json`: Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format), for
 * `bencher run --adapter json --file`. Each measure is named after its unit, because Bencher decides by measure which
 * direction is better.
 */
import type { MeanInterval } from '../../statistics/mean-interval.ts';
import { isOverBoots } from '../../analysis/interval-words.ts';
import { textFile } from '../exporter.ts';
import { measuredSeries } from './measured.ts';

/** Leaves out intervals within one boot: the format can't mark them, so Bencher would take them for the benchmark's. */
interface Metric {
  readonly value: number;
  readonly lower_value?: number;
  readonly upper_value?: number;
}

export const bencherFile = textFile('exchange/bencher.json', (results) => {
  const metrics = measuredSeries(results).map(({ name, unit, interval }) => [
    name,
    { [slugOf(unit)]: metricOf(interval) },
  ]);
  return `${JSON.stringify(Object.fromEntries(metrics), null, 2)}\n`;
});

function metricOf({ mean, halfWidth, of }: MeanInterval): Metric {
  return halfWidth === null || !isOverBoots(of)
    ? { value: mean }
    : { value: mean, lower_value: mean - halfWidth, upper_value: mean + halfWidth };
}

/** `transactions-per-second`, `seconds`: lower case letters, digits and hyphens. */
function slugOf(unit: string): string {
  if (unit === 's') return 'seconds';
  return unit
    .replace('/s', ' per second')
    .replace('10^6', 'mega')
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

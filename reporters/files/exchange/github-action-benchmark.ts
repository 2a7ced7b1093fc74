/**
 * `exchange/github-action-benchmark-smaller.json` and `-bigger.json`, for the tools customSmallerIsBetter and
 * customBiggerIsBetter of https://github.com/benchmark-action/github-action-benchmark. Each file has one direction.
 */
import type { Better } from '../../model/benchmark-row.ts';
import { SHORT } from '../../analysis/interval-words.ts';
import { type Exporter, textFile } from '../exporter.ts';
import { measuredSeries, testbedOf } from './measured.ts';

export const githubActionBenchmarkSmaller = fileOf('smaller', 'lower');
export const githubActionBenchmarkBigger = fileOf('bigger', 'higher');

function fileOf(which: string, better: Better): Exporter {
  return textFile(`exchange/github-action-benchmark-${which}.json`, (results) => {
    const extra = `testbed: ${testbedOf(results)}`;
    const entries = measuredSeries(results)
      .filter((series) => series.better === better)
      .map(({ name, unit, interval: { mean, halfWidth, of } }) => {
        const range = halfWidth === null ? undefined : `± ${halfWidth} ${SHORT[of]}`;
        return { name, unit, value: mean, range, extra };
      });
    return `${JSON.stringify(entries, null, 2)}\n`;
  });
}

/**
 * `exchange/github-action-benchmark-smaller.json` and `-bigger.json`: for the tools customSmallerIsBetter and
 * customBiggerIsBetter of https://github.com/benchmark-action/github-action-benchmark, which take one direction a file.
 */
import type { Better } from '../../benchmark-row.ts';
import type { Exporter } from '../exporter.ts';
import { writeExchange } from './exchange.ts';
import { measuredSeries, testbedOf } from './measured.ts';

const FILES: readonly { readonly better: Better; readonly file: string }[] = [
  { better: 'lower', file: 'exchange/github-action-benchmark-smaller.json' },
  { better: 'higher', file: 'exchange/github-action-benchmark-bigger.json' },
];

export const githubActionBenchmarkFiles: Exporter = {
  name: 'exchange/github-action-benchmark-*.json',
  write(results, directory) {
    const extra = `testbed: ${testbedOf(results)}`;
    return FILES.flatMap(({ better, file }) => {
      const entries = measuredSeries(results)
        .filter((series) => series.better === better)
        .map(({ name, unit, mean, halfWidth }) => {
          const range = halfWidth === null ? undefined : `± ${halfWidth}`;
          return { name, unit, value: mean, range, extra };
        });
      return writeExchange(file, directory, `${JSON.stringify(entries, null, 2)}\n`);
    });
  },
};

/**
 * `exchange/openmetrics.txt`: OpenMetrics 1.0 text (https://github.com/prometheus/OpenMetrics, specification), as
 * Prometheus' backfilling and Pushgateway read it. Units differ by benchmark, so that they are a label.
 */
import { overheadOf } from '../../overhead.ts';
import type { Results } from '../../results.ts';
import { textFile } from '../exporter.ts';
import { type MeasuredSeries, measuredSeries, testbedOf } from './measured.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly valueOf: (series: MeasuredSeries) => number | null;
}

export const openMetricsFile = textFile('exchange/openmetrics.txt', (results) => {
  const series = measuredSeries(results);
  const families: Family[] = [
    {
      name: 'nestbench_result',
      help: 'Mean of the samples, in the unit of its label.',
      valueOf: ({ mean }) => mean,
    },
    {
      name: 'nestbench_result_half_width',
      help: 'Half the width of its 95 % confidence interval.',
      valueOf: ({ halfWidth }) => halfWidth,
    },
    {
      name: 'nestbench_overhead_ratio',
      help: 'Against L0 baseline, by the best of the runs; 1 is native and more is worse.',
      valueOf: ({ cell, benchmark }) => overheadOf(results, cell, benchmark),
    },
  ];
  const text = families.map((family) => familyText(family, series, results)).join('');
  return `${text}# EOF\n`;
});

function familyText(
  { name, help, valueOf }: Family,
  all: readonly MeasuredSeries[],
  results: Results,
): string {
  const samples = all.flatMap((series) => {
    const value = valueOf(series);
    if (value === null) return [];
    const { cell, benchmark, unit, better, runs } = series;
    const labels = {
      experiment: results.experiment ?? '',
      testbed: testbedOf(results),
      cell,
      benchmark,
      unit,
      better,
    };
    // In seconds: when the last sample began.
    const at = Math.max(...runs.map(({ startedAt }) => startedAt.at(-1) ?? 0)) / 1000;
    return `${name}{${labelsText(labels)}} ${value} ${at}\n`;
  });
  return [
    `# TYPE ${name} gauge\n`,
    ...(name.endsWith('_ratio') ? [`# UNIT ${name} ratio\n`] : []),
    `# HELP ${name} ${help}\n`,
    ...samples,
  ].join('');
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',');
}

/** Of its ABNF: a backslash, a quote and a line feed are escaped. */
function escape(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}

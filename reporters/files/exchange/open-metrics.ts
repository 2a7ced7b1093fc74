/**
 * `exchange/openmetrics.txt`: OpenMetrics 1.0 text (https://github.com/prometheus/OpenMetrics, specification) for
 * Prometheus' backfilling and Pushgateway. Units differ by benchmark, so the unit is a label.
 */
import { INTERVAL_OF } from '../../analysis/interval-words.ts';
import { overheadOf } from '../../analysis/overhead.ts';
import type { Results } from '../../model/experiment-results.ts';
import { textFile } from '../exporter.ts';
import { type MeasuredSeries, measuredSeries, testbedOf } from './measured.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly valueOf: (series: MeasuredSeries) => number | null;
  /** Labels in addition to those of all families. */
  readonly labelsOf?: (series: MeasuredSeries) => Readonly<Record<string, string>>;
}

export const openMetricsFile = textFile('exchange/openmetrics.txt', (results) => {
  const series = measuredSeries(results);
  const families: Family[] = [
    {
      name: 'nestbench_result',
      help: 'Mean, in the unit of its label.',
      valueOf: ({ interval }) => interval.mean,
    },
    {
      name: 'nestbench_result_half_width',
      help: 'Half the width of the interval over what interval_of says; only over boots is it that of the benchmark, at 95 %.',
      valueOf: ({ interval }) => interval.halfWidth,
      labelsOf: ({ interval }) => ({ interval_of: INTERVAL_OF[interval.of] }),
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
  { name, help, valueOf, labelsOf }: Family,
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
      ...labelsOf?.(series),
    };
    // When the last sample began, in seconds.
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

/** Escapes a backslash, a quote and a line feed, as the ABNF requires. */
function escape(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}

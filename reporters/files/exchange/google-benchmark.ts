/**
 * `exchange/google-benchmark.json`: the format of Google Benchmark's --benchmark_format=json
 * (https://github.com/google/benchmark/blob/main/docs/user_guide.md#output-formats), for its compare.py and other
 * readers. A repetition is a run. Times are in nanoseconds; for a rate, the time for one unit, and the rate itself is
 * the counter items_per_second.
 */
import type { Results } from '../../model/experiment-results.ts';
import { textFile } from '../exporter.ts';
import { type MeasuredSeries, measuredSeries, testbedOf } from './measured.ts';

const NANOSECONDS = 1e9;
const MEBI = 2 ** 20;

export const googleBenchmarkFile = textFile('exchange/google-benchmark.json', (results) => {
  const report = {
    context: contextOf(results),
    benchmarks: measuredSeries(results).flatMap((series, index) => repetitions(series, index)),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
});

function contextOf(results: Results) {
  const start = results.starts.at(-1);
  return {
    date: start?.at ?? null,
    executable: 'nestbench',
    host_name: start?.host.cpuModel ?? null,
    num_cpus: start?.host.cpus ?? null,
    mem_mebibytes: start === undefined ? null : Math.round(start.host.memoryBytes / MEBI),
    // Google's context values are strings too. Fields that Google does not define follow them.
    nestbench_experiment: results.experiment,
    nestbench_testbed: testbedOf(results),
    library_build_type: 'release',
  };
}

function repetitions({ name, better, unit, runs }: MeasuredSeries, index: number) {
  return runs.map(({ run, parts, values, statistics: { mean } }, repetition) => {
    const seconds = better === 'lower' ? mean : 1 / mean;
    return {
      name,
      family_index: index,
      per_family_instance_index: 0,
      run_name: name,
      run_type: 'iteration',
      repetitions: runs.length,
      repetition_index: repetition,
      threads: 1,
      iterations: values.length,
      real_time: seconds * NANOSECONDS,
      // nestbench does not measure CPU time as Google does, so this is the wall time.
      cpu_time: seconds * NANOSECONDS,
      time_unit: 'ns',
      // Runs within one boot are not independent repetitions.
      label: `run ${run}${inBoots(parts)}, ${unit}`,
      ...(better === 'higher' ? { items_per_second: mean } : {}),
    };
  });
}

function inBoots(parts: MeasuredSeries['runs'][number]['parts']): string {
  const boots = parts.flatMap(({ boot }) => boot ?? []);
  return boots.length === 0 ? '' : ` in boot ${boots.join(' and ')}`;
}

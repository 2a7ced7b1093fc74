/** A journal like that of a real experiment: measured, failed part way, failed completely, skipped, and not run. */
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { CELLS } from '../../fixtures/matrix.ts';
import { TestJournal } from './journal.testing.ts';

const NO_DVH = 'it needs direct virtual hardware, and the kernel of bookworm is built without';

export function realisticJournal(): TestJournal {
  const journal = new TestJournal().start();
  for (const { name, configuration } of CELLS) {
    if (configuration !== 'dvh') continue;
    for (const benchmark of BENCHMARKS) journal.skip(name, benchmark.name, NO_DVH);
  }
  return journal
    .samples('l0-baseline', 'memcached', [38_211, 37_954, 38_460])
    .samples('l0-baseline', 'hackbench', [0.106, 0.099, 0.104])
    .samples('l0-baseline', 'netperf-rr', [8123.41, 8098.02, 8201.77])
    .samples('l0-baseline', 'netperf-stream', [941.38, 941.15, 941.41])
    .samples('l0-baseline', 'netperf-maerts', [733.2, 741.9, 738.05])
    .samples('l1-baseline', 'hackbench', [0.981, 1.02, 1.003])
    .samples('l1-baseline', 'netperf-rr', [2311.08, 2290.5, 2345.12])
    .samples('l1-baseline', 'netperf-stream', [412.7, 398.44, 405.9])
    .samples('l1-baseline', 'netperf-maerts', [380.1])
    .samples('l2-baseline', 'hackbench', [7.94, 8.313, 8.02])
    .samples('l2-baseline', 'netperf-rr', [201.3, undefined, undefined])
    .fail('l2-baseline', 'netperf-rr', {
      run: 1,
      iteration: 2,
      kind: 'benchmark',
      code: 'NESTBENCH_UNPARSABLE_OUTPUT',
      message: 'netperf-rr gave no number: throughput is "", which is not a number',
      machine: 'client',
    })
    .series('l2-baseline', 'netperf-stream')
    .fail('l2-baseline', 'netperf-stream', {
      run: 1,
      iteration: 1,
      kind: 'benchmark',
      code: 'NESTBENCH_DEADLINE',
      message: 'netperf-stream gave nothing within 40 s, ten times what it should take',
      machine: 'client',
    })
    .fail('l3-baseline', null, { machine: 'l3' });
}

/** Every cell measured with every benchmark, with numbers of many sizes: a complete experiment on hardware. */
export function wholeJournal(): TestJournal {
  return measuredEverywhere(() => {});
}

/** Two benchmarks in some cells of one level, and nothing on the bare machine. */
export function partialJournal(): TestJournal {
  return new TestJournal()
    .start()
    .samples('l2-baseline', 'hackbench', [0.671, 0.702, 0.655])
    .samples('l2-dvh', 'hackbench', [0.645, 0.691, 0.611])
    .samples('l2-vp-idle', 'hackbench', [0.702])
    .samples('l2-baseline', 'netperf-rr', [201.3, 208.1, 4.2])
    .samples('l2-dvh', 'netperf-rr', [2673.4, 2701.1, 2655.9])
    .samples('l2-vp-idle', 'netperf-rr', [611.2, 630.7, 598.8]);
}

/** The same, booted again for each run. */
export function bootedJournal(): TestJournal {
  return measuredEverywhere((journal, cell) => journal.boot(cell));
}

function measuredEverywhere(beforeRun: (journal: TestJournal, cell: string) => void): TestJournal {
  const journal = new TestJournal().start({
    experiment: 'asplos-hardware',
    testbed: { kind: 'physical', accelerator: 'none', settings: {} },
    profile: 'paper',
    runs: 3,
    modified: true,
  });
  const native = [12.41, 9.8, 20_081.91, 9413.8, 9411.2, 15_832.4, 212_340.7];
  CELLS.forEach(({ name }, column) => {
    BENCHMARKS.forEach((benchmark, row) => {
      const factor = 1 + column * (row + 1) * 0.31;
      const base = (native[row] ?? 1) * (benchmark.better === 'lower' ? factor : 1 / factor);
      for (const run of [1, 2, 3]) {
        const values = [0.98, 1, 1.03].map((noise) => Number((base * (noise + run * 0.004)).toFixed(2)));
        beforeRun(journal, name);
        journal.samples(name, benchmark.name, values, run);
      }
    });
  });
  return journal;
}

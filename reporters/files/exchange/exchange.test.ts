/** Reads each format as its consumer does: by its own schema if there is one, otherwise by its documentation. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { BENCHMARKS } from '../../../fixtures/benchmarks/index.ts';
import { CELLS } from '../../../fixtures/matrix.ts';
import { bootedJournal, realisticJournal } from '../../model/experiment.testing.ts';
import { TestJournal } from '../../model/journal.testing.ts';
import { writeFiles } from '../../exporters.ts';

/** What is written for a realistic experiment: measured, failed, skipped and not run. */
function written(file: string, journal: () => TestJournal = realisticJournal): string {
  using its = journal();
  writeFiles(its.results, its.directory);
  return readFileSync(path.join(its.directory, 'exchange', file), 'utf8');
}

/** What the experiment has measured; a single sample has no interval. */
const MEASURED = [
  'l0-baseline/hackbench',
  'l0-baseline/netperf-rr',
  'l0-baseline/netperf-stream',
  'l0-baseline/netperf-maerts',
  'l0-baseline/memcached',
  'l1-baseline/hackbench',
  'l1-baseline/netperf-rr',
  'l1-baseline/netperf-stream',
  'l1-baseline/netperf-maerts',
  'l2-baseline/hackbench',
  'l2-baseline/netperf-rr',
];

/** https://bencher.dev/bmf.json, from Bencher's reference. */
const BENCHER_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema',
  type: 'object',
  patternProperties: {
    '.+': {
      type: 'object',
      patternProperties: {
        '.+': {
          type: 'object',
          properties: {
            value: { type: 'number' },
            lower_value: { type: 'number' },
            upper_value: { type: 'number' },
          },
          required: ['value'],
        },
      },
    },
  },
};

describe('Bencher Metric Format', () => {
  const metrics = z.record(z.string(), z.unknown()).parse(JSON.parse(written('bencher.json')));

  test("matches Bencher's schema and contains only what was measured", () => {
    const { $schema: _, ...schema } = BENCHER_SCHEMA;
    const validate = new Ajv().compile(schema);
    expect([validate(metrics), validate.errors]).toEqual([true, null]);
    expect(validate({ x: { seconds: { value: null } } })).toBe(false);
    expect(Object.keys(metrics).toSorted()).toEqual(MEASURED.toSorted());
  });

  test('has the ends of the interval over boots', () => {
    const booted = JSON.parse(written('bencher.json', bootedJournal));
    // Three boots with means of 12.41 times 1.007333, 1.011333 and 1.015333; t is 4.303, times 0.0040 / sqrt(3).
    expect(booted).toMatchObject({
      'l0-baseline/hackbench': {
        seconds: {
          value: expect.closeTo(12.41 * 1.011_333, 2),
          lower_value: expect.closeTo(12.41 * (1.011_333 - 0.009_937), 2),
        },
      },
    });
  });

  test('has no interval within one boot, which the format could not mark', () => {
    expect(metrics).toMatchObject({
      'l0-baseline/hackbench': { seconds: { value: expect.closeTo(0.103, 6) } },
      'l1-baseline/netperf-maerts': { 'mega-bit-per-second': { value: 380.1 } },
      'l2-baseline/netperf-rr': { 'transactions-per-second': { value: 201.3 } },
    });
    expect(JSON.stringify(metrics)).not.toMatch(/null|lower_value|upper_value/);
  });
});

describe("github-action-benchmark's custom JSON", () => {
  /** From its README, section "Custom benchmarks". */
  const entries = z.array(
    z.strictObject({
      name: z.string(),
      unit: z.string(),
      value: z.number(),
      range: z
        .string()
        .regex(/^± [\d.e-]+ (within one boot|95 % over boots)$/)
        .optional(),
      extra: z.string(),
    }),
  );
  const [smaller, bigger] = ['smaller', 'bigger'].map((which) =>
    entries.parse(JSON.parse(written(`github-action-benchmark-${which}.json`))),
  );

  test('has a file for each direction, and together they have all', () => {
    expect(smaller?.map(({ unit }) => unit)).toEqual(['s', 's', 's']);
    expect([...(smaller ?? []), ...(bigger ?? [])].map(({ name }) => name).toSorted()).toEqual(
      MEASURED.toSorted(),
    );
  });

  test('says what the interval is over', () => {
    expect(new Set(smaller?.map(({ range }) => range?.replace(/^± \S+ /, '')))).toEqual(
      new Set(['within one boot']),
    );
    const booted = entries.parse(JSON.parse(written('github-action-benchmark-bigger.json', bootedJournal)));
    expect(booted[0]?.range).toMatch(/ 95 % over boots$/);
  });

  test('says where the numbers come from', () => {
    expect(bigger?.every(({ extra }) => extra === 'testbed: emulated (tcg)')).toBe(true);
  });
});

describe('Google Benchmark JSON', () => {
  /** The fields of its user guide's example, which compare.py and github-action-benchmark read. */
  const report = z.object({
    context: z
      .object({ date: z.iso.datetime(), num_cpus: z.number(), library_build_type: z.string() })
      .loose(),
    benchmarks: z.array(
      z.object({
        name: z.string(),
        run_name: z.string(),
        run_type: z.literal('iteration'),
        repetitions: z.number(),
        repetition_index: z.number(),
        threads: z.number(),
        iterations: z.number().int().positive(),
        real_time: z.number().positive(),
        cpu_time: z.number().positive(),
        time_unit: z.literal('ns'),
        items_per_second: z.number().positive().optional(),
      }),
    ),
  });

  test('has one repetition per run, in nanoseconds', () => {
    const { benchmarks } = report.parse(
      JSON.parse(
        written('google-benchmark.json', () =>
          new TestJournal()
            .start()
            .samples('l1-baseline', 'hackbench', [1, 3])
            .samples('l1-baseline', 'hackbench', [4], 2)
            .samples('l1-baseline', 'netperf-rr', [200]),
        ),
      ),
    );
    const shown = benchmarks.map((one) =>
      [one.name, one.repetition_index, one.iterations, one.real_time, one.items_per_second ?? '-'].join(' '),
    );
    expect(shown).toEqual([
      'l1-baseline/hackbench 0 2 2000000000 -',
      'l1-baseline/hackbench 1 1 4000000000 -',
      'l1-baseline/netperf-rr 0 1 5000000 200',
    ]);
  });

  test('contains only what was measured', () => {
    const { benchmarks } = report.parse(JSON.parse(written('google-benchmark.json')));
    expect(benchmarks.map(({ name }) => name).toSorted()).toEqual(MEASURED.toSorted());
  });
});

/** What the half-widths in an OpenMetrics text are intervals over. */
function overWhat(text: string): Set<string> {
  const labels = text.matchAll(/^nestbench_result_half_width\{.*interval_of="(.*?)"/gm);
  return new Set([...labels].map(([, words = '']) => words));
}

describe('OpenMetrics', () => {
  const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
  const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
  const NUMBER = String.raw`[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?`;
  /** The productions of the specification's ABNF that a gauge needs. */
  const LINE = new RegExp(
    `^(# TYPE ${NAME} gauge|# UNIT ${NAME} \\w+|# HELP ${NAME} .*|${NAME}\\{${LABEL}(,${LABEL})*\\} ${NUMBER} ${NUMBER})$`,
  );

  test('matches the grammar, and ends as required', () => {
    const text = written('openmetrics.txt', () =>
      realisticJournal().start({ experiment: String.raw`odd "name" \ here` }),
    );
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    const lines = text.split('\n').slice(0, -2);
    expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
    expect(text).toContain(String.raw`experiment="odd \"name\" \\ here"`);
  });

  test('states for each half-width what the interval is over', () => {
    expect(overWhat(written('openmetrics.txt'))).toEqual(new Set(['iterations within one boot']));
    expect(overWhat(written('openmetrics.txt', bootedJournal))).toEqual(new Set(['boots']));
  });

  test('groups the samples of a family under its type, each series once', () => {
    const lines = written('openmetrics.txt').split('\n');
    const families = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(families).toEqual(['nestbench_result', 'nestbench_result_half_width', 'nestbench_overhead_ratio']);
    const order = lines.flatMap((line) => /^(nestbench_\w+)\{/.exec(line)?.[1] ?? []);
    expect([...new Set(order)]).toEqual(families);
    expect(order.filter((name) => name === 'nestbench_result')).toHaveLength(MEASURED.length);
    const series = lines.flatMap((line) => /^(nestbench_\w+\{.*\})/.exec(line)?.[1] ?? []);
    expect(new Set(series).size).toBe(series.length);
    expect(lines).toContain('# UNIT nestbench_overhead_ratio ratio');
  });
});

describe('for Otava', () => {
  const config = z.object({
    tests: z.record(
      z.string(),
      z.strictObject({
        type: z.literal('csv'),
        file: z.string(),
        time_column: z.string(),
        attributes: z.array(z.string()),
        metrics: z.record(
          z.string(),
          z.strictObject({ column: z.string(), direction: z.literal([1, -1]), scale: z.literal(1) }),
        ),
        csv_options: z.strictObject({ delimiter: z.string().length(1), quote_char: z.string().length(1) }),
      }),
    ),
  });

  test('an experiment is one row under the columns of the whole matrix, empty for what was not measured', () => {
    const [head = '', row = '', rest] = written('otava.csv').split('\n');
    expect(rest).toBe('');
    const columns = head.split(',');
    expect(columns).toHaveLength(3 + CELLS.length * BENCHMARKS.length);
    const fields = row.split(',');
    expect(fields).toHaveLength(columns.length);
    expect(columns.filter((_, index) => index > 2 && fields[index] !== '').toSorted()).toEqual(
      MEASURED.toSorted(),
    );
  });

  test('its configuration names only existing columns and attributes, and which direction is better', () => {
    const { tests } = config.parse(parse(written('otava.yaml')));
    const columns = written('otava.csv').split('\n')[0]?.split(',');
    expect(Object.keys(tests)).toEqual(CELLS.map(({ name }) => name));
    for (const { metrics, attributes, time_column: time } of Object.values(tests)) {
      const named = [time, ...attributes, ...Object.values(metrics).map(({ column }) => column)];
      expect(columns).toEqual(expect.arrayContaining(named));
      expect([metrics['hackbench']?.direction, metrics['netperf-rr']?.direction]).toEqual([-1, 1]);
    }
  });
});

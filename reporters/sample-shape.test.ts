import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SampleRecord, sampleRecord } from '../fixtures/records.ts';
import { SampleShape } from './sample-shape.ts';

/** A sample as the journal has it, every field told, with numbers in each of the ways that JSON.stringify writes them. */
const SAMPLE: SampleRecord = {
  type: 'sample',
  at: '2026-11-23T23:59:59.999Z',
  cell: 'l1-baseline',
  benchmark: 'netperf-rr',
  run: 1,
  iteration: 2,
  value: 0.1 + 0.2,
  unit: 'transactions/s',
  better: 'higher',
  started: '2026-11-23T23:59:57.001Z',
  seconds: 3.001_234_567,
  output: 'l1-baseline/netperf-rr/run-1-iteration-2.txt',
  work: { amount: 9120, unit: 'transaction' },
  l0: {
    seconds: 3.1,
    exits: { exits: 41_003, io_exits: 0, 'an "odd" name': 7 },
    cpuSeconds: { kernel: 2.5e-7, harness: 0.01, benchmark: 1, stopwatch: 0 },
  },
  host: {
    seconds: 3.2,
    cpus: 4,
    othersSeconds: 0.01,
    stealSeconds: 0,
    qemuSeconds: 5.000_001,
    qemuWaitSeconds: 0.25,
  },
  beforeSeconds: 0,
  afterSeconds: 1e21,
  gapSeconds: 0.02,
};

const positive = fc.oneof(
  fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 1, max: 1e6 }),
);
const seconds = fc.oneof(positive, fc.constant(0));
const count = fc.maxSafeNat();
const time = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

/** Another sample of SAMPLE's shape. */
const alike: fc.Arbitrary<SampleRecord> = fc.record({
  type: fc.constant(SAMPLE.type),
  at: time,
  cell: fc.constant(SAMPLE.cell),
  benchmark: fc.constant(SAMPLE.benchmark),
  run: fc.constant(SAMPLE.run),
  iteration: fc.integer({ min: 1, max: 1_000_000 }),
  value: positive,
  unit: fc.constant(SAMPLE.unit),
  better: fc.constant(SAMPLE.better),
  started: time,
  seconds,
  output: fc.nat().map((number) => `l1-baseline/netperf-rr/run-1-iteration-${number}.txt`),
  work: fc.record({ amount: positive, unit: fc.constant('transaction') }),
  l0: fc.record({
    seconds: positive,
    exits: fc.record({ exits: count, io_exits: fc.constant(0), 'an "odd" name': count }),
    cpuSeconds: fc.record({ kernel: seconds, harness: seconds, benchmark: seconds, stopwatch: seconds }),
  }),
  host: fc.record({
    seconds: positive,
    cpus: fc.integer({ min: 1 }),
    othersSeconds: seconds,
    stealSeconds: seconds,
    qemuSeconds: seconds,
    qemuWaitSeconds: seconds,
  }),
  beforeSeconds: seconds,
  afterSeconds: seconds,
  gapSeconds: seconds,
});

/** All that a shape tells of the sample that it has read last. */
function told(shape: SampleShape) {
  const exits = new Float64Array(shape.exitNames.length);
  shape.addExits(exits);
  return [
    shape.number('at'),
    shape.number('iteration'),
    shape.number('value'),
    shape.number('started'),
    shape.number('seconds'),
    shape.number('workAmount'),
    shape.number('windowSeconds'),
    shape.number('benchmarkSeconds'),
    shape.number('kernelSeconds'),
    shape.number('harnessSeconds'),
    shape.number('hostSeconds'),
    shape.number('hostCpus'),
    shape.number('othersSeconds'),
    shape.number('stealSeconds'),
    shape.number('qemuSeconds'),
    shape.number('qemuWaitSeconds'),
    shape.number('beforeSeconds'),
    shape.number('afterSeconds'),
    shape.number('gapSeconds'),
    ...exits,
  ];
}

/** Has `shape` read `line` in the midst of others. @returns whether it is alike, and was read up to its end. */
function reads(shape: SampleShape, line: string): boolean {
  const other = '{"type":"other"}\n';
  const end = shape.read(Buffer.from(`${other}${line}\n${other}`), other.length);
  return end === other.length + Buffer.byteLength(line);
}

test('a line of the same shape is read as JSON.parse reads it, to the last bit', () => {
  const shape = new SampleShape(SAMPLE);
  expect(reads(shape, JSON.stringify(SAMPLE))).toBe(true);
  fc.assert(
    fc.property(alike, (sample) => {
      expect(reads(shape, JSON.stringify(sample))).toBe(true);
      expect(told(shape)).toEqual(told(new SampleShape(sample)));
    }),
    { numRuns: 2000 },
  );
});

test('what the samples do not tell is NaN', () => {
  const without: SampleRecord = { ...SAMPLE };
  delete without.work;
  delete without.l0;
  delete without.gapSeconds;
  const shape = new SampleShape(without);
  expect(reads(shape, JSON.stringify(without))).toBe(true);
  expect(shape.number('workAmount')).toBe(Number.NaN);
  expect(shape.number('windowSeconds')).toBe(Number.NaN);
  expect(shape.number('gapSeconds')).toBe(Number.NaN);
  expect(shape.number('value')).toBe(SAMPLE.value);
  expect(shape.exitNames).toEqual([]);
});

test('a line that was changed anywhere is read as JSON.parse and the schema read it, or not at all', () => {
  const line = JSON.stringify(SAMPLE);
  // What JSON is made of, so that much of it is still JSON.
  const piece = fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '9',
      '.',
      '-',
      '+',
      'e',
      'E',
      '"',
      '\\',
      ',',
      ':',
      '{',
      '}',
      ' ',
      'Z',
      'ü',
      '\t',
    ),
    fc.string({ maxLength: 2 }).filter((text) => !text.includes('\n')),
  );
  let read = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(line.length), fc.nat(2), piece, (at, length, put) => {
      const changed = line.slice(0, at) + put + line.slice(at + length);
      const shape = new SampleShape(SAMPLE);
      if (!reads(shape, changed)) {
        refused += 1;
        return;
      }
      read += 1;
      const parsed = sampleRecord.parse(JSON.parse(changed));
      expect(told(shape)).toEqual(told(new SampleShape(parsed)));
      const { cell, benchmark, run, unit, better } = parsed;
      expect(SAMPLE).toMatchObject({ cell, benchmark, run, unit, better });
    }),
    { numRuns: 20_000 },
  );
  // Digits that became other digits, and much else.
  expect(read).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(500);
});

test.each([
  ['a value of 0', { value: 0 }],
  ['a negative one', { gapSeconds: -0.5 }],
  ['a half iteration', { iteration: 1.5 }],
  ['an iteration beyond all others', { iteration: 1_000_001 }],
  ['one above what a double counts', { iteration: 2 ** 60 }],
  ['another run', { run: 2 }],
  ['a day that there is not', { started: '2026-02-30T00:00:00.000Z' }],
  ['an hour that there is not', { started: '2026-11-23T24:00:00.000Z' }],
  ['a time without milliseconds', { started: '2026-11-23T23:59:57Z' }],
  ['a name in other letters', { output: 'größe' }],
  ['one field more', { another: 1 }],
])('%s is another shape', (_, changed) => {
  expect(reads(new SampleShape(SAMPLE), JSON.stringify({ ...SAMPLE, ...changed }))).toBe(false);
});

/**
 * Reads samples from their lines without parsing JSON. The samples of a run are the same text but for their numbers,
 * their times and the name of the file that has their output. So one of them tells where those stand in the next line:
 * what is between them is compared byte by byte, and a line of another shape is left to JSON.parse and the schema. The
 * way is that of D. Bonetta and M. Brantner, "FAD.js: Fast JSON Data Access Using JIT-based Speculative
 * Optimizations", PVLDB 10(12), 2017.
 */
import { z } from 'zod';
import { type SampleRecord, sampleRecord } from '../fixtures/records.ts';
import { KnownText, TextCursor } from './text-cursor.ts';

/** The only text that is another in each sample. */
const OUTPUT_PATH = 'output';
/** The only number that is not: one of another run is of another shape. */
const RUN_PATH = 'run';

type Schema = z.core.JSONSchema.JSONSchema;
const SCHEMA: Schema = z.toJSONSchema(sampleRecord, { io: 'input' });

/** A place in the line where something changes from sample to sample. */
interface Slot {
  readonly path: string;
  readonly kind: 'integer' | 'number' | 'time' | 'text';
  /** Of a number that its schema wants above 0. */
  readonly isPositive: boolean;
  /** What its schema lets a number be at most. */
  readonly most: number;
  /** In the sample that the shape was learned from: a time in milliseconds since 1970, NaN for a text. */
  readonly number: number;
  /** The text between the slot before and this one. */
  readonly before: KnownText;
}

/** The shape of a sample's line, and the numbers of the sample of that shape that was read last. */
export class SampleShape {
  /** Its words are those of every sample of the shape. */
  readonly learnedFrom: SampleRecord;
  readonly exitNames: readonly string[];
  readonly #slots: readonly Slot[];
  /** The text behind the last slot, with the newline. */
  readonly #end: KnownText;
  /** One a slot, and NaN at the end, for what the samples do not tell. */
  readonly #numbers: Float64Array;
  readonly #indices: ReturnType<typeof indicesOf>;
  /** The other exits follow it. */
  readonly #firstExit: number;
  readonly #cursor = new TextCursor();

  constructor(sample: SampleRecord) {
    this.learnedFrom = sample;
    const { slots, end } = outlineOf(sample);
    this.#slots = slots;
    this.#end = end;
    this.#numbers = Float64Array.of(...slots.map(({ number }) => number), Number.NaN);
    const places = new Map(slots.map(({ path }, index) => [path, index]));
    const indexOf = (path: string): number => places.get(path) ?? slots.length;
    this.#indices = indicesOf(indexOf);
    this.exitNames = Object.keys(sample.l0?.exits ?? {});
    this.#firstExit = indexOf(`l0.exits.${this.exitNames[0] ?? ''}`);
  }

  /** Of the sample that was read last, times as milliseconds since 1970. NaN where it does not tell. */
  number(name: keyof ReturnType<typeof indicesOf>): number {
    return this.#numbers[this.#indices[name]] ?? Number.NaN;
  }

  /** Adds its exits to `counts`, in the order of their names. */
  addExits(counts: Float64Array): void {
    const numbers = this.#numbers;
    const first = this.#firstExit;
    for (let index = 0; index < counts.length; index++) {
      counts[index] = (counts[index] ?? 0) + (numbers[first + index] ?? Number.NaN);
    }
  }

  /** Reads the line at `start`, where it has this shape. @returns where its newline is; -1 where it has not. */
  read(bytes: Buffer<ArrayBuffer>, start: number): number {
    const cursor = this.#cursor;
    const slots = this.#slots;
    cursor.moveTo(bytes, start);
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index];
      if (slot === undefined || !cursor.skip(slot.before)) return -1;
      if (slot.kind === 'text') {
        if (!cursor.skipText()) return -1;
        continue;
      }
      const number =
        slot.kind === 'integer' ? cursor.integer() : slot.kind === 'time' ? cursor.time() : cursor.number();
      if (Number.isNaN(number) || (slot.isPositive && number === 0) || number > slot.most) return -1;
      this.#numbers[index] = number;
    }
    return cursor.skip(this.#end) ? cursor.position - 1 : -1;
  }
}

/** Where in a sample's numbers those stand that tables are made of. */
function indicesOf(indexOf: (path: string) => number) {
  return {
    at: indexOf('at'),
    iteration: indexOf('iteration'),
    value: indexOf('value'),
    started: indexOf('started'),
    seconds: indexOf('seconds'),
    workAmount: indexOf('work.amount'),
    windowSeconds: indexOf('l0.seconds'),
    benchmarkSeconds: indexOf('l0.cpuSeconds.benchmark'),
    kernelSeconds: indexOf('l0.cpuSeconds.kernel'),
    harnessSeconds: indexOf('l0.cpuSeconds.harness'),
    hostSeconds: indexOf('host.seconds'),
    hostCpus: indexOf('host.cpus'),
    othersSeconds: indexOf('host.othersSeconds'),
    stealSeconds: indexOf('host.stealSeconds'),
    qemuSeconds: indexOf('host.qemuSeconds'),
    qemuWaitSeconds: indexOf('host.qemuWaitSeconds'),
    beforeSeconds: indexOf('beforeSeconds'),
    afterSeconds: indexOf('afterSeconds'),
    gapSeconds: indexOf('gapSeconds'),
  };
}

function outlineOf(sample: SampleRecord): { readonly slots: readonly Slot[]; readonly end: KnownText } {
  const slots: Slot[] = [];
  let text = '';
  for (const piece of piecesOf(sample, SCHEMA, '')) {
    if (typeof piece === 'string') text += piece;
    else {
      slots.push({ ...piece, before: new KnownText(Buffer.from(text)) });
      text = '';
    }
  }
  return { slots, end: new KnownText(Buffer.from(`${text}\n`)) };
}

/** What JSON.stringify writes of `value`, in pieces: text that stays, and slots. */
function* piecesOf(
  value: unknown,
  schema: Schema | undefined,
  path: string,
): Generator<string | Omit<Slot, 'before'>> {
  if (typeof value === 'number' && schema?.type !== undefined && path !== RUN_PATH) {
    const kind = schema.type === 'integer' ? 'integer' : 'number';
    const most = schema.maximum ?? Number.POSITIVE_INFINITY;
    yield { path, kind, isPositive: schema.exclusiveMinimum === 0, most, number: value };
  } else if (typeof value === 'string' && schema?.format === 'date-time') {
    yield '"';
    yield {
      path,
      kind: 'time',
      isPositive: false,
      most: Number.POSITIVE_INFINITY,
      number: Date.parse(value),
    };
    yield '"';
  } else if (path === OUTPUT_PATH) {
    yield '"';
    yield { path, kind: 'text', isPositive: false, most: Number.POSITIVE_INFINITY, number: Number.NaN };
    yield '"';
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    yield '{';
    const entries = Object.entries(value).filter(([, its]) => its !== undefined);
    for (const [index, [key, its]] of entries.entries()) {
      yield `${index === 0 ? '' : ','}${JSON.stringify(key)}:`;
      yield* piecesOf(its, schemaOf(key, schema), path === '' ? key : `${path}.${key}`);
    }
    yield '}';
  } else yield JSON.stringify(value);
}

function schemaOf(key: string, schema: Schema | undefined): Schema | undefined {
  const found = schema?.properties?.[key] ?? schema?.additionalProperties;
  return typeof found === 'object' ? found : undefined;
}

/** Reads the file of the recording emulator (setup/build/qemu/recording/1-record-paths.patch). */

/** `struct Record` of the patch. */
export const RECORD_BYTES = 24;

export const BLOCK = 0;
export const ENTRY = 1;
export const EXIT = 2;
export const RDTSC = 3;
export type RecordKind = typeof BLOCK | typeof ENTRY | typeof EXIT | typeof RDTSC;

/**
 * One record. Addresses are signed, so that those of the kernel are exact: -2^31 is 0xffffffff80000000.
 *
 * | kind  | a              | b                                                               | n            |
 * | ----- | -------------- | --------------------------------------------------------------- | ------------ |
 * | BLOCK | RIP            | RSP                                                             | instructions |
 * | ENTRY | VMCB           | 0                                                               | 0            |
 * | EXIT  | exit_info_1    | the guest's RAX; for an MSR its number, for a page its address  | exit code    |
 * | RDTSC | the TSC's value| RIP                                                             | 1 if records before it were lost |
 */
export interface PathRecord {
  readonly kind: RecordKind;
  readonly a: number;
  readonly b: number;
  readonly n: number;
}

/** An RDTSC of the measured program. */
export interface Mark {
  /** The index of its record. */
  readonly index: number;
  readonly tsc: number;
  /** Whether all records since the mark before it are there. */
  readonly isWhole: boolean;
}

/** The records of a file, decoded one at a time: there are millions. */
export class PathRecords {
  readonly #view: DataView;

  /** @param bytes the whole file. An incomplete record at its end is left out. */
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return Math.floor(this.#view.byteLength / RECORD_BYTES);
  }

  at(index: number): PathRecord {
    const offset = index * RECORD_BYTES;
    const kind = this.#view.getUint32(offset + 20, true);
    if (!isKind(kind)) throw new RangeError(`record ${index} has the kind ${kind}`);
    return {
      kind,
      a: this.#signed(offset),
      b: this.#signed(offset + 8),
      n: this.#view.getUint32(offset + 16, true),
    };
  }

  marks(): Mark[] {
    const marks: Mark[] = [];
    for (let index = 0; index < this.length; index++) {
      if (this.#view.getUint32(index * RECORD_BYTES + 20, true) !== RDTSC) continue;
      const { a, n } = this.at(index);
      marks.push({ index, tsc: a, isWhole: n === 0 });
    }
    return marks;
  }

  /** Exact up to 2^53, which all addresses of 48 bits are. */
  #signed(offset: number): number {
    return this.#view.getInt32(offset + 4, true) * 2 ** 32 + this.#view.getUint32(offset, true);
  }
}

function isKind(kind: number): kind is RecordKind {
  return kind <= RDTSC;
}

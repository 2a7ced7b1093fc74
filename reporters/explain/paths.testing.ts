/** Writes records as the recording emulator does, for tests. */
import { BLOCK, ENTRY, EXIT, type PathRecord, RDTSC, RECORD_BYTES } from './path-records.ts';

export function encode(records: readonly PathRecord[]): Uint8Array {
  const bytes = Buffer.alloc(records.length * RECORD_BYTES);
  for (const [index, { kind, a, b, n }] of records.entries()) {
    const offset = index * RECORD_BYTES;
    bytes.writeBigInt64LE(BigInt(a), offset);
    bytes.writeBigInt64LE(BigInt(b), offset + 8);
    bytes.writeUInt32LE(n, offset + 16);
    bytes.writeUInt32LE(kind, offset + 20);
  }
  return bytes;
}

export const block = (a: number, b: number, n: number): PathRecord => ({ kind: BLOCK, a, b, n });
export const entry = (vmcb: number): PathRecord => ({ kind: ENTRY, a: vmcb, b: 0, n: 0 });
export const exit = (code: number, b = 0, info = 0): PathRecord => ({ kind: EXIT, a: info, b, n: code });
export const rdtsc = (tsc: number, lost = 0): PathRecord => ({ kind: RDTSC, a: tsc, b: 0x10_0000, n: lost });

/** Where a kernel's text begins, signed. */
export const KERNEL = -(2 ** 31);

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseHalted } from './idle.ts';

/** `info registers -a` of QEMU 7.2 and a server with two vCPUs, captured while L2 was idle and while it was not. */
function captured(name: string): string {
  return readFileSync(path.join(import.meta.dirname, 'captured', name), 'utf8');
}

test('of an idle server all vCPUs wait in HLT', () => {
  expect(parseHalted(captured('registers-idle.txt'))).toEqual({ vcpus: 2, halted: 2 });
});

test('of a busy one, one does not', () => {
  const { vcpus, halted } = parseHalted(captured('registers-busy.txt'));
  expect(vcpus).toBe(2);
  expect(halted).toBeLessThan(2);
});

test('what is no list of registers has no vCPU', () => {
  expect(parseHalted('')).toEqual({ vcpus: 0, halted: 0 });
});

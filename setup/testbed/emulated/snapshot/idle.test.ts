import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseHalted } from './idle.ts';

/** `info registers -a` of QEMU 7.2 and a server with two vCPUs, captured while L2 was idle and while it was not. */
function captured(name: string): string {
  return readFileSync(path.join(import.meta.dirname, 'captured', name), 'utf8');
}

test('all vCPUs of an idle server wait in HLT', () => {
  expect(parseHalted(captured('registers-idle.txt'))).toEqual({ vcpus: 2, halted: 2 });
});

test('one vCPU of a busy server does not', () => {
  const { vcpus, halted } = parseHalted(captured('registers-busy.txt'));
  expect(vcpus).toBe(2);
  expect(halted).toBeLessThan(2);
});

test('text that is not a list of registers has no vCPUs', () => {
  expect(parseHalted('')).toEqual({ vcpus: 0, halted: 0 });
});

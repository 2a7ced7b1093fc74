import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { hostMachine } from '../../machine/host.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { readMachineFacts } from './machine-facts.ts';

const never = new AbortController().signal;

test('a machine is read from its kernel; "kB" of memory are 1024 bytes', async () => {
  const place = { interface: 'nosuch', directory: temporaryDirectory() };
  const begun = performance.now();
  const facts = await readMachineFacts(hostMachine(), place, never);
  const seconds = (performance.now() - begun) / 1000;
  expect(facts).toMatchObject({
    memoryBytes: String(totalmem()),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    interface: '',
    folderFault: '',
  });
  // Of one clock read twice: no more than asking took.
  expect(Math.abs(Number(facts['offsetSeconds']))).toBeLessThanOrEqual(seconds);
});

test('a fact that could not be read is absent, rather than empty', async () => {
  const host = hostMachine();
  const place = { interface: 'lo', directory: temporaryDirectory() };
  // A machine without these programs.
  const bare = {
    ...host,
    check: (argv: readonly string[], options: Parameters<typeof host.check>[1]) =>
      host.check(
        argv.map((word) => word.replaceAll(/\b(pgrep|awk)\b/g, 'nosuch-$1')),
        options,
      ),
  };
  const facts = await readMachineFacts(bare, place, never);
  for (const fact of ['irqbalance', 'busy', 'listening']) expect(facts).not.toHaveProperty(fact);
  expect(facts).toHaveProperty('swaps');
});

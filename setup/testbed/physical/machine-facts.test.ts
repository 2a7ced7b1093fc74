import { readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hostMachine } from '../../machine/host.ts';
import type { Machine } from '../../machine/machine.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { capturedLines, hostWith } from '../captured-host.testing.ts';
import { makeOwnDirectory, ownFolder } from './own-folder.ts';
import { readMachineFacts } from './machine-facts.ts';

const never = new AbortController().signal;

/** This host, with a changed script. */
function hostReading(changed: (script: string) => string): Machine {
  const host = hostMachine();
  return { ...host, check: (argv, options) => host.check(argv.map(changed), options) };
}

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

test('what nestbench left on a disk counts as free', async () => {
  const directory = temporaryDirectory();
  const facts = () =>
    readMachineFacts(
      hostReading((script) => script.replaceAll(/df --output=avail [^|]*/g, "printf '  Avail\\n 1000\\n' ")),
      { interface: 'lo', directory },
      never,
    );
  expect((await facts())['freeBytes']).toBe('1000');
  await makeOwnDirectory(hostMachine(), directory, 'data', never);
  writeFileSync(path.join(ownFolder(directory), 'data/guest.img'), Buffer.alloc(2 ** 20));
  expect(Number((await facts())['freeBytes'])).toBeGreaterThan(2 ** 20);
});

test('a fact that could not be read is absent, rather than empty', async () => {
  const place = { interface: 'lo', directory: temporaryDirectory() };
  // A machine without these programs.
  const bare = hostReading((script) => script.replaceAll(/\b(pgrep|awk)\b/g, 'nosuch-$1'));
  const facts = await readMachineFacts(bare, place, never);
  for (const fact of ['irqbalance', 'busy', 'listening']) expect(facts).not.toHaveProperty(fact);
  expect(facts).toHaveProperty('swaps');
});

test.each([
  ['amd', 'svm', '1', 'kvm_intel'],
  ['intel', 'vmx', 'Y', 'kvm_amd'],
] as const)(
  "on %s nesting is its own module's, if the kernel has both",
  async (name, flags, nested, other) => {
    const root = hostWith([...capturedLines(name), `/sys/module/${other}/parameters/nested: other`]);
    const its = hostReading((script) =>
      script.replaceAll(/\/sys\/module|\/proc\/cpuinfo/g, (file) => `${root}${file}`),
    );
    const place = { interface: 'lo', directory: temporaryDirectory() };
    expect(await readMachineFacts(its, place, never)).toMatchObject({ flags, nested });
  },
);

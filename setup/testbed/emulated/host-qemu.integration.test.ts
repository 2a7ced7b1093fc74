import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { describeQemu } from './host-qemu.ts';

const never = new AbortController().signal;
const searched = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = searched;
});

/** A program named like QEMU that prints what a real one printed. */
function pretend(script: string): void {
  const directory = temporaryDirectory();
  const file = path.join(directory, 'qemu-system-x86_64');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  process.env['PATH'] = `${directory}:${searched}`;
}

test("Debian's QEMU reports its version, and does not save an igb's virtual functions", async () => {
  expect(await describeQemu(never, 'qemu-system-x86_64')).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    card: 'virtio-net-pci',
    identity: expect.stringMatching(/^\/\S+ \d+\.\d+\.\d+.* [0-9a-f]{64}$/),
  });
});

// The output of the patched QEMU 10.0.13 and of Debian's 7.2.22, shortened.
test.each([
  ['igb', `echo '{ "igb": { "Name": "igb" }, "igbvf": { "Name": "igbvf" } }'`],
  ['virtio-net-pci', `echo '{ "e1000e": { "Name": "e1000e" } }'`],
] as const)('the card is %s', async (card, answer) => {
  pretend(
    `case $1 in --version) echo 'QEMU emulator version 9.9.9 (Debian x)' ;; *) ${answer} ;; esac; exit 0`,
  );
  expect(await describeQemu(never, 'qemu-system-x86_64')).toMatchObject({
    version: '9.9.9 (Debian x)',
    card,
  });
});

test('a missing QEMU has no igb, and no version', async () => {
  process.env['PATH'] = temporaryDirectory();
  expect(await describeQemu(never, 'qemu-system-x86_64')).toEqual({
    version: 'unknown',
    card: 'virtio-net-pci',
    identity: 'qemu-system-x86_64 unknown unknown',
  });
});

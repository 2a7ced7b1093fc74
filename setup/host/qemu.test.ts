import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../temporary.testing.ts';
import { describeQemu } from './qemu.ts';

const never = new AbortController().signal;
const searched = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = searched;
});

/** A program of QEMU's name that says what a real one was seen to say. */
function pretend(script: string): void {
  const directory = temporaryDirectory();
  const file = path.join(directory, 'qemu-system-x86_64');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  process.env['PATH'] = `${directory}:${searched}`;
}

test("this host's QEMU tells its version, and an igb where it lists one", async () => {
  const known = execFileSync('qemu-system-x86_64', ['-device', 'help'], { encoding: 'utf8' });
  expect(await describeQemu(never)).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    card: known.includes('name "igb"') ? 'igb' : 'virtio-net-pci',
    identity: expect.stringMatching(/^\/\S+ \d+\.\d+\.\d+.* [0-9a-f]{64}$/),
  });
});

// QEMU 10.0.2 of bookworm-backports, and 7.2.22 of bookworm, which ends with 0 as well.
test.each([
  ['igb', 'echo "igb options:"; echo "  acpi-index=<uint32>    -  (default: 0)"'],
  ['virtio-net-pci', 'echo "$0: -device igb,help: Device not found" >&2'],
] as const)('the card is %s', async (card, answer) => {
  pretend(
    `case $1 in --version) echo 'QEMU emulator version 9.9.9 (Debian x)' ;; *) ${answer} ;; esac; exit 0`,
  );
  expect(await describeQemu(never)).toMatchObject({ version: '9.9.9 (Debian x)', card });
});

test('one that is not there has no igb, and no version', async () => {
  process.env['PATH'] = temporaryDirectory();
  expect(await describeQemu(never)).toEqual({
    version: 'unknown',
    card: 'virtio-net-pci',
    identity: 'qemu-system-x86_64 unknown unknown',
  });
});

import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf } from '../../lib/task-progress.testing.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';

/** Replaces mmdebstrap, which takes a minute and a network: the tar is its last argument but one. */
const QUICK = `#!/bin/sh -eu
echo 'I: installing remaining packages inside the chroot...' >&2
while [ $# -gt 2 ]; do shift; done
mkdir -p "$TMPDIR/root/var/lib/dpkg"
printf 'Package: hello\\nVersion: 1\\n\\n' >"$TMPDIR/root/var/lib/dpkg/status"
tar --create --file="$1" --directory="$TMPDIR/root" .
`;

test('is reported as done once it is made: the image waits silently for the kernel', async () => {
  const [programs, temporary] = [temporaryDirectory(), temporaryDirectory()];
  const program = path.join(programs, 'mmdebstrap');
  writeFileSync(program, QUICK);
  chmodSync(program, 0o755);
  const script = `
    import { buildRoot } from ${JSON.stringify(path.join(import.meta.dirname, 'guest-root.ts'))};
    console.assert((await buildRoot(new AbortController().signal)).packages.hello === '1');`;
  const events = await eventsOf(script, {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    TMPDIR: temporary,
    XDG_CACHE_HOME: temporary,
  });
  expect(events.map(({ task, text, state }) => `${task}: ${text}: ${state}`)).toEqual([
    'image: installing QEMU and the benchmarks: running',
    'image: root file system built: done',
  ]);
});

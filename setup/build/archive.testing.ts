import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

/**
 * Replaces mmdebstrap, which takes a minute and a network, for the rest of the test: makes a root with these packages,
 * by their versions, and these files.
 */
export function archiveHas(
  packages: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): void {
  const directory = temporaryDirectory();
  const root = path.join(directory, 'root');
  const status = Object.entries(packages)
    .map(([name, version]) => `Package: ${name}\nVersion: ${version}\n\n`)
    .join('');
  for (const [name, content] of Object.entries({ 'var/lib/dpkg/status': status, ...files })) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  const program = path.join(directory, 'mmdebstrap');
  writeFileSync(
    program,
    `#!/bin/sh -eu
for word; do case "$word" in *.tar) tar=$word ;; esac; done
tar --create --file="$tar" --directory="${root}" .
`,
  );
  chmodSync(program, 0o755);
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
}

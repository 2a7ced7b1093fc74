/** A git repository with QEMU's source, as a KVM developer has one: made of Debian's source package, here. */
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import type { QemuSource } from '../../../fixtures/testbed.ts';
import { cached } from '../../build/cache.ts';
import { fetchSource } from '../../build/emulator.ts';
import { runTool } from '../../build/tool.ts';
import { SOMEBODY } from './kernel-repository.testing.ts';

/** A Debian, and the branch that its QEMU is put on. */
const SUITES = {
  bookworm: 'v7.2-nested',
  /** Its QEMU is the last of before 6.2 that Debian's archive still has. */
  bullseye: 'v5.2-nested',
} as const;

export async function qemuRepository(
  signal: AbortSignal,
  suite: keyof typeof SUITES = 'bookworm',
): Promise<QemuSource> {
  const branch = SUITES[suite];
  const { directory } = await cached({
    name: 'qemu-repository',
    inputs: { recipe: 2, suite },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const source = path.join(place, 'source');
      mkdirSync(source);
      const tree = path.join(source, 'qemu');
      const tool = { log, signal: within, env: SOMEBODY, purpose: 'making a QEMU repository' };
      const description = await fetchSource(source, { ...tool, cwd: source }, suite);
      await runTool(['dpkg-source', '--no-check', '--extract', description, tree], tool);
      const git = (...words: string[]): Promise<void> => runTool(['git', ...words], { ...tool, cwd: tree });
      await git('init', '--quiet', `--initial-branch=${branch}`);
      await git('add', '--all', '--force', '.');
      await git('commit', '--quiet', `--message=${path.basename(description)}`);
      await runTool(
        ['sh', '-c', 'mv "$1/.git" "$2/repository" && rm -r "$3"', 'sh', tree, place, source],
        tool,
      );
      return {};
    },
  });
  return { url: path.join(directory, 'repository'), ref: branch };
}

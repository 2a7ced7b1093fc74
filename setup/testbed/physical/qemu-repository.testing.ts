/** A git repository with QEMU's source, as a KVM developer has one: made of Debian's source package, here. */
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import type { QemuSource } from '../../../fixtures/testbed.ts';
import { cached } from '../../build/cache.ts';
import { fetchSource } from '../../build/emulator.ts';
import { runTool } from '../../build/tool.ts';
import { SOMEBODY } from './kernel-repository.testing.ts';

const BRANCH = 'v7.2-nested';

export async function qemuRepository(signal: AbortSignal): Promise<QemuSource> {
  const { directory } = await cached({
    name: 'qemu-repository',
    inputs: { recipe: 1 },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const source = path.join(place, 'source');
      mkdirSync(source);
      const tree = path.join(source, 'qemu');
      const tool = { log, signal: within, env: SOMEBODY, purpose: 'making a QEMU repository' };
      const description = await fetchSource(source, { ...tool, cwd: source });
      await runTool(['dpkg-source', '--no-check', '--extract', description, tree], tool);
      const git = (...words: string[]): Promise<void> => runTool(['git', ...words], { ...tool, cwd: tree });
      await git('init', '--quiet', `--initial-branch=${BRANCH}`);
      await git('add', '--all', '--force', '.');
      await git('commit', '--quiet', `--message=${path.basename(description)}`);
      await runTool(
        ['sh', '-c', 'mv "$1/.git" "$2/repository" && rm -r "$3"', 'sh', tree, place, source],
        tool,
      );
      return {};
    },
  });
  return { url: path.join(directory, 'repository'), ref: BRANCH };
}

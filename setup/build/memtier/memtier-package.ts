/** Builds memtier_benchmark from git: one static program, which runs on the client's image. */
import path from 'node:path';
import type { GitRef, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { chooseBuilder } from '../builder/builder.ts';
import { cached } from '../cache/build-cache.ts';
import { exportSource, resolveSource } from '../git-source.ts';
import { FOR_MEMTIER_PACKAGES } from '../package-list.ts';

export interface MemtierPackage {
  readonly file: string;
  readonly commit: string;
  readonly hash: string;
}

const PROGRAM = 'memtier_benchmark';

/** As the artifact builds it, but static. Versions that know TLS would need its libraries too. */
const BUILD = `autoreconf -ivf
./configure --disable-tls LDFLAGS=-static
make
strip -o ../${PROGRAM} ${PROGRAM}
../${PROGRAM} --version`;

/**
 * The program from the cache, or built now.
 * @throws NESTBENCH_BUILD_FAILED with the tools' own errors.
 */
export async function buildMemtierPackage(
  wanted: GitRef,
  signal: AbortSignal,
  say: (sentence: string) => void,
  where: TestbedDescription['builder'],
): Promise<MemtierPackage> {
  const { url, ref, commit } = await resolveSource(wanted, signal, say);
  const builder = await chooseBuilder(where, 'memtier', signal, say);
  const { directory, hash } = await cached({
    name: 'memtier-package',
    inputs: { build: BUILD, commit, compiler: builder.identity },
    signal,
    build: async (workplace) => {
      const { log, signal: within } = workplace;
      const place = await builder.open(workplace, FOR_MEMTIER_PACKAGES);
      await exportSource({ url, commit }, path.join(workplace.directory, 'source'), { log, signal: within });
      const cwd = path.join(place.directory, 'source');
      const purpose = `building ${PROGRAM}`;
      await place.run(['sh', '-euc', BUILD], { log, signal: within, cwd, purpose });
      await place.run(['rm', '-r', 'source'], { log, signal: within, cwd: place.directory, purpose });
      return { commit, url, ref, compiler: `gcc ${place.gcc}` };
    },
  });
  return { file: path.join(directory, PROGRAM), commit, hash };
}

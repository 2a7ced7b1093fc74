/** Finds the kernel source that Debian's linux-source package installed. */
import { execa } from 'execa';
import { NestbenchError } from '../errors.ts';

export interface KernelSource {
  /** `linux-source-6.1` */
  readonly package: string;
  readonly version: string;
  readonly tarball: string;
}

/** The meta package `linux-source` depends on one of these; its name carries the kernel's version. */
const PACKAGES = 'linux-source-*';
const TARBALL = /^\/usr\/src\/linux-source-[\d.]+\.tar\.\w+$/;

/** The newest installed source, by what dpkg says of its files. */
export async function findKernelSource(): Promise<KernelSource> {
  const format = '${db:Status-Status} ${Package} ${Version}\\n';
  // It exits with 1 where nothing matches; that is an answer, too.
  const query = await execa('dpkg-query', ['--show', '--showformat', format, PACKAGES], { reject: false });
  const lines = query.code === 'ENOENT' ? [] : query.stdout.split('\n');
  const sources: KernelSource[] = [];
  for (const line of lines) {
    const [status, name, version] = line.split(' ');
    if (status !== 'installed' || name === undefined || version === undefined) continue;
    const files = await execa('dpkg-query', ['--listfiles', name]);
    const tarball = files.stdout.split('\n').find((file) => TARBALL.test(file));
    if (tarball !== undefined) sources.push({ package: name, version, tarball });
  }
  const newest = sources
    .toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
    .at(-1);
  if (newest === undefined) {
    const message = 'No kernel source is installed. Install it with: sudo apt-get install linux-source';
    throw new NestbenchError('NESTBENCH_PACKAGE_MISSING', 'configuration', message);
  }
  return newest;
}

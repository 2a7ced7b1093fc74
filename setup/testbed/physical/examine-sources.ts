/**
 * Whether the builds of the testbed file are possible, and enough for its cells: repositories and refs, what single files
 * of them say, and something to build them with.
 */
import { CELLS } from '../../../fixtures/matrix.ts';
import { count } from '../../lib/count.ts';
import {
  allSoftware,
  distinctSources,
  isBuilt,
  memtierOf,
  sourceKey,
} from '../../../fixtures/physical-software.ts';
import type {
  GitRef,
  KernelSource,
  QemuSource,
  TestbedDescription,
} from '../../../fixtures/testbed-description.ts';
import { findBuilder } from '../../build/builder/builder.ts';
import { glimpseSource, lookUpSource } from '../../build/git-source.ts';
import { assertInstallable } from '../../build/host-packages.ts';
import { compilerFault } from '../../build/kernel/kernel-package.ts';
import {
  FOR_COMPILING,
  FOR_KERNEL_PACKAGES,
  FOR_MEMTIER_PACKAGES,
  FOR_QEMU_PACKAGES,
} from '../../build/package-list.ts';
import { failureOf, type Finding, finding } from '../diagnose.ts';
import { sourceFaults } from './source-faults.ts';

/** Each source once, and the builder if there are any; nothing is built, and nothing kept. */
export async function examineSources(testbed: TestbedDescription, signal: AbortSignal): Promise<Finding[]> {
  const sources: readonly GitRef[] = sourcesOf(testbed);
  if (sources.length === 0 && memtierOf(testbed) === undefined) return [];
  const [builder, ...found] = await Promise.all([
    examineBuilder(testbed, signal),
    ...sources.concat(memtierOf(testbed) ?? []).map((source) => examineSource(source, signal)),
  ]);
  // The builder's own finding may say it already.
  const files = (await examineFiles(testbed, signal)).filter(({ found: text }) => text !== builder.fix);
  return [...found, ...files, builder];
}

/** What {@link sourceFaults} reads. */
async function examineFiles(testbed: TestbedDescription, signal: AbortSignal): Promise<Finding[]> {
  await using opened = new AsyncDisposableStack();
  const sources = sourcesOf(testbed);
  const glimpses = new Map(
    await Promise.all(
      sources.map(async (source) => {
        const glimpse = await glimpseSource(source, signal);
        if (glimpse !== undefined) opened.use(glimpse);
        return [sourceKey(source), glimpse] as const;
      }),
    ),
  );
  const builder = await findBuilder(testbed.builder, signal);
  const faults = await sourceFaults(
    testbed,
    CELLS,
    (source, file) => glimpses.get(sourceKey(source))?.read(file) ?? Promise.resolve(undefined),
    builder.ok ? builder.gcc : undefined,
  );
  const needed = 'kernels that can be built and started, and QEMUs with every option that the cells need';
  if (faults.length === 0) {
    const read = [...glimpses.values()].filter((glimpse) => glimpse !== undefined).length;
    return read === 0
      ? []
      : [finding('source files', needed, `nothing is missing in ${count(read, 'source')}`, '')];
  }
  return faults.map(({ text, cells }): Finding => {
    const found = cells === undefined ? text : `${text} (${cells.join(', ')})`;
    const fix = 'Name another ref in the testbed file, or select other cells.';
    const verdict = cells === undefined ? 'wrong' : 'some cells';
    return { machine: 'host', check: 'source files', verdict, found, needed, fix };
  });
}

/** Of all machines in all cells. */
export function sourcesOf(testbed: Pick<TestbedDescription, 'software'>): (KernelSource | QemuSource)[] {
  const all = allSoftware(testbed, CELLS).flatMap(({ kernel, qemu }) => [kernel, qemu].filter(isBuilt));
  return distinctSources(all);
}

async function examineSource(
  { url, ref }: Pick<KernelSource | QemuSource, 'url' | 'ref'>,
  signal: AbortSignal,
): Promise<Finding> {
  const looked = await lookUpSource({ url, ref }, signal);
  const needed = 'a repository that git can clone, and a branch, tag or commit in it';
  return looked.ok
    ? finding('source', needed, `${ref} of ${url}: ${looked.what}`, '')
    : finding('source', needed, `no ${ref} of ${url}`, looked.why);
}

/** What would build them. */
export async function examineBuilder(testbed: TestbedDescription, signal: AbortSignal): Promise<Finding> {
  const found = await findBuilder(testbed.builder, signal);
  const ofMemtier = memtierOf(testbed) === undefined ? [] : FOR_MEMTIER_PACKAGES;
  const packages = [...FOR_COMPILING, ...FOR_KERNEL_PACKAGES, ...FOR_QEMU_PACKAGES, ...ofMemtier];
  const why = found.ok
    ? found.gcc &&
      (compilerFaultOf(testbed, found.gcc) ?? (await failureOf(() => assertInstallable(packages))))
    : found.why;
  const needed =
    "what builds kernels and QEMUs: a container engine, or this host's compilers, old enough for old sources";
  return finding('builder', needed, found.ok ? found.what : 'none', why ?? '');
}

/** For kernels whose version is known before a download. */
function compilerFaultOf(testbed: TestbedDescription, gcc: string): string | undefined {
  for (const { release = '' } of allSoftware(testbed, CELLS)) {
    const known = /^(\d+)\.(\d+)\./.exec(release);
    const fault = known && compilerFault(`VERSION = ${known[1]}\nPATCHLEVEL = ${known[2]}\n`, '', gcc);
    if (typeof fault === 'string') return fault;
  }
  return undefined;
}

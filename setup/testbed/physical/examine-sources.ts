/** Whether the builds of the testbed file are possible: its repositories and refs, and something to build them with. */
import { CELLS } from '../../../fixtures/matrix.ts';
import { allSoftware, isBuilt, sourceKey } from '../../../fixtures/physical-software.ts';
import type { KernelSource, QemuSource, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { findBuilder } from '../../build/builder/builder.ts';
import { lookUpSource } from '../../build/git-source.ts';
import { compilerFault } from '../../build/kernel/kernel-package.ts';
import { type Finding, finding } from '../diagnose.ts';

/** Each source once, and the builder if there are any; nothing is downloaded or built. */
export async function examineSources(testbed: TestbedDescription, signal: AbortSignal): Promise<Finding[]> {
  const sources = sourcesOf(testbed);
  if (sources.length === 0) return [];
  const [builder, ...found] = await Promise.all([
    examineBuilder(testbed, signal),
    ...sources.map((source) => examineSource(source, signal)),
  ]);
  return [...found, builder];
}

/** Of all machines in all cells. */
export function sourcesOf(
  testbed: Pick<TestbedDescription, 'software'>,
): Pick<KernelSource | QemuSource, 'url' | 'ref'>[] {
  const all = allSoftware(testbed, CELLS).flatMap(({ kernel, qemu }) => [kernel, qemu].filter(isBuilt));
  return [...new Map(all.map((source) => [sourceKey(source), source])).values()];
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
  const why = found.ok ? found.gcc && compilerFaultOf(testbed, found.gcc) : found.why;
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

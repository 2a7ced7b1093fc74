/**
 * What would end a run after an hour of building, read from single files of the sources before anything is built: a
 * compiler or a configuration that a kernel can't use, a QEMU that can't start a level's kernel, or lacks an option.
 */
import type { Cell } from '../../../fixtures/matrix.ts';
import {
  allSoftware,
  distinctSources,
  isBuilt,
  physicalSoftware,
  sourceKey,
  whyNotPhysical,
} from '../../../fixtures/physical-software.ts';
import type { KernelSource, QemuSource, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { findBuilder } from '../../build/builder/builder.ts';
import { type GitSource, resolveSource, sourceFile } from '../../build/git-source.ts';
import { compilerFault } from '../../build/kernel/kernel-package.ts';
import { InputError } from '../../lib/errors.ts';
import { qemuOptions } from '../../stack/qemu-argv.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import type { BuildOptions } from '../testbed.ts';
import { assumedHost } from './assumed-host.ts';
import { planPhysical } from './physical-plan.ts';

export interface SourceFault {
  /** A sentence without a full stop. */
  readonly text: string;
  /** The cells that can't be measured; absent for all. */
  readonly cells?: readonly string[];
}

type Source = KernelSource | QemuSource;

/** The text of a file of a source: empty if it has no such file, undefined if it can't be read now. */
export type ReadSource = (source: Source, file: string) => Promise<string | undefined>;

/**
 * @param gcc the version of this host's compiler, if that builds.
 */
export async function sourceFaults(
  testbed: TestbedDescription,
  cells: readonly Cell[],
  read: ReadSource,
  gcc: string | undefined,
): Promise<SourceFault[]> {
  const software = allSoftware(testbed, cells);
  const kernels = distinctSources(software.flatMap(({ kernel }) => (isBuilt(kernel) ? [kernel] : [])));
  const qemus = distinctSources(software.flatMap(({ qemu }) => (isBuilt(qemu) ? [qemu] : [])));
  const ofKernels = await Promise.all(kernels.map((source) => kernelFaults(source, read, gcc)));
  const looked = await Promise.all(qemus.map((source) => lookAtQemu(source, read)));
  const known = new Map(looked.map((qemu) => [sourceKey(qemu.source), qemu] as const));
  const ofCells = cells
    .filter((cell) => whyNotPhysical(cell, { testbed }) === undefined)
    .flatMap((cell) => cellFaults(testbed, cell, known).map((text) => ({ cell: cell.name, text })));
  return [
    ...ofKernels.flat().map((text) => ({ text })),
    ...looked.flatMap(({ fault }) => (fault === undefined ? [] : [{ text: fault }])),
    ...[...Map.groupBy(ofCells, ({ text }) => text)].map(([text, its]) => ({
      text,
      cells: [...new Set(its.map(({ cell }) => cell))],
    })),
  ];
}

/**
 * Before anything is built. Each source is fetched, which its build needs anyway.
 * @throws {InputError} NESTBENCH_BAD_TESTBED with everything that is wrong; what fetching throws.
 */
export async function assertSources(
  testbed: TestbedDescription,
  cells: readonly Cell[],
  { signal, log }: Pick<BuildOptions, 'signal' | 'log'>,
): Promise<void> {
  const software = allSoftware(testbed, cells).flatMap(({ kernel, qemu }) => [kernel, qemu].filter(isBuilt));
  if (software.length === 0) return;
  const fetched = new Map<string, GitSource>();
  for (const source of distinctSources(software))
    fetched.set(sourceKey(source), await resolveSource(source, signal, log));
  const builder = await findBuilder(testbed.builder, signal);
  const faults = await sourceFaults(
    testbed,
    cells,
    async (source, file) => {
      const at = fetched.get(sourceKey(source));
      return at && sourceFile(at, file, signal);
    },
    builder.ok ? builder.gcc : undefined,
  );
  if (faults.length === 0) return;
  const lines = faults.map(
    ({ text, cells: its }) => `${text}${its === undefined ? '' : ` (${its.join(', ')})`}`,
  );
  throw new InputError(
    'NESTBENCH_BAD_TESTBED',
    `The sources in the testbed file can't be used, so nothing is built:\n${lines.join('\n')}\nName other refs, or select other cells.`,
  );
}

/** Configurations that the kernel's own makefiles make; others are files (scripts/kconfig/Makefile). */
const MADE_BY_KCONFIG = /^(def|all(yes|no|mod)|rand|alldef|tiny)config$/;

async function kernelFaults(
  source: KernelSource,
  read: ReadSource,
  gcc: string | undefined,
): Promise<string[]> {
  const { ref, url, defconfig = 'defconfig' } = source;
  const makefile = await read(source, 'Makefile');
  if (makefile === undefined) return [];
  if (!/^VERSION = \d/m.test(makefile))
    return [`${ref} of ${url} is no source of Linux: its Makefile has no VERSION`];
  const main = (await read(source, 'init/main.c')) ?? '';
  const compiler = gcc === undefined ? undefined : compilerFault(makefile, main, gcc);
  const places = ['arch/x86/configs', 'kernel/configs'].map((folder) => `${folder}/${defconfig}`);
  const files = await Promise.all(places.map((file) => read(source, file)));
  const isThere = MADE_BY_KCONFIG.test(defconfig) || files.some((text) => text !== '');
  return [
    ...(compiler === undefined ? [] : [compiler]),
    ...(isThere ? [] : [`${ref} of ${url} has no configuration ${defconfig} for x86`]),
  ];
}

interface LookedAtQemu {
  readonly source: QemuSource;
  readonly version: string | undefined;
  readonly fault?: string;
  /** Its command-line options; undefined if not known. */
  readonly options: ReadonlySet<string> | undefined;
  /** The properties of its vIOMMU; undefined if not known. */
  readonly iommu: ReadonlySet<string> | undefined;
}

async function lookAtQemu(source: QemuSource, read: ReadSource): Promise<LookedAtQemu> {
  const { ref, url } = source;
  const [version, options, iommu, x86Iommu] = await Promise.all(
    ['VERSION', 'qemu-options.hx', 'hw/i386/intel_iommu.c', 'hw/i386/x86-iommu.c'].map((file) =>
      read(source, file),
    ),
  );
  if (version === '') {
    const fault = `${ref} of ${url} is no source of QEMU: it has no file VERSION`;
    return { source, version: undefined, fault, options: undefined, iommu: undefined };
  }
  return {
    source,
    version: version?.trim(),
    options: namesIn(options, /^DEF\("([\w-]+)"/gm),
    iommu: iommu && x86Iommu ? namesIn(iommu + x86Iommu, /DEFINE_PROP\w*\("([\w-]+)"/g) : undefined,
  };
}

/** Undefined without a text: a later QEMU may have the file elsewhere. */
function namesIn(text: string | undefined, pattern: RegExp): Set<string> | undefined {
  const names = [...(text ?? '').matchAll(pattern)].map(([, name = '']) => name);
  return names.length === 0 ? undefined : new Set(names);
}

function cellFaults(
  testbed: TestbedDescription,
  cell: Cell,
  known: ReadonlyMap<string, LookedAtQemu>,
): string[] {
  const versions = new Map(
    [...known].flatMap(([key, { version }]) => (version === undefined ? [] : [[key, version] as const])),
  );
  try {
    const { guests } = planPhysical(cell, assumedHost(testbed, cell, versions));
    const { levels } = physicalSoftware(testbed, cell);
    return guests.flatMap((guest, below) => {
      const qemu = levels[below]?.qemu;
      const looked = qemu !== undefined && isBuilt(qemu) ? known.get(sourceKey(qemu)) : undefined;
      return looked === undefined ? [] : lackingIn(looked, guest);
    });
  } catch (error) {
    if (error instanceof InputError) return [error.message.replace(/\.$/, '')];
    throw error;
  }
}

function lackingIn({ source, options, iommu }: LookedAtQemu, guest: MachinePlan): string[] {
  const { ref, url } = source;
  const asked = qemuOptions(guest).map(([option = '']) => option.replace(/^-/, ''));
  const properties = guest.qemu.devices.find(({ type }) => type === 'intel-iommu')?.properties ?? {};
  const lacking = [
    ...[...new Set(asked)].filter((name) => options?.has(name) === false).map((name) => `no option -${name}`),
    ...Object.keys(properties)
      .filter((name) => iommu?.has(name) === false)
      .map((name) => `no property ${name} of intel-iommu`),
  ];
  return lacking.map(
    (what) => `QEMU ${ref} of ${url} has ${what}, which it needs on ${guest.runsOn} to start ${guest.name}`,
  );
}

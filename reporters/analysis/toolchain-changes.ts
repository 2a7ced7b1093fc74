/** What the programs of an experiment were built from: the versions that come from Debian, not nestbench's own. */
import type { ExperimentRecord } from '../../fixtures/records.ts';

/**
 * Names in a record's `versions` that say nothing more about the toolchain: nestbench's own, and those that follow from
 * others.
 */
const OTHERS =
  /^(nestbench|node|network card|image|toolchain|kernel|kernel build|emulator build|(kernel|qemu) of .*)$/;

/** Names of the kernel's own toolchain. A variant may select another suite for it. */
const KERNELS = /^kernel (source|compiler)$/;

/** Version by name; undefined for a journal without a toolchain. */
export function toolchainOf({ versions }: ExperimentRecord): Readonly<Record<string, string>> | undefined {
  if (versions['toolchain'] === undefined) return undefined;
  return Object.fromEntries(Object.entries(versions).filter(([name]) => !OTHERS.test(name)));
}

export interface ToolchainChange {
  readonly what: string;
  readonly base: string;
  readonly head: string;
}

/**
 * The differences between two toolchains. Empty if one is unknown. A name that one side lacks is no difference: a
 * variant with a prebuilt kernel has no kernel source.
 */
export function toolchainChanges(
  base: Readonly<Record<string, string>> | undefined,
  head: Readonly<Record<string, string>> | undefined,
): ToolchainChange[] {
  if (base === undefined || head === undefined) return [];
  return Object.entries(base).flatMap(([what, was]) => {
    const is = head[what];
    return is === undefined || is === was ? [] : [{ what, base: was, head: is }];
  });
}

/** The same between two experiments, without the kernel's if their variants select different suites for it. */
export function changesByChance(base: ExperimentRecord, head: ExperimentRecord): ToolchainChange[] {
  const isMeant = base.variant?.kernel?.suite !== head.variant?.kernel?.suite;
  return toolchainChanges(toolchainOf(base), toolchainOf(head)).filter(
    ({ what }) => !(isMeant && KERNELS.test(what)),
  );
}

/** `kernel compiler gcc-14 14.2.0-19 -> gcc-14 14.2.0-20, sysbench 1.0 -> 1.1` */
export function describeChanges(changes: readonly ToolchainChange[]): string {
  return changes.map(({ what, base, head }) => `${what} ${base} -> ${head}`).join(', ');
}

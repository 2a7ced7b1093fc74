/** What the programs of an experiment were made of: the versions that come from Debian, and no part of nestbench. */
import type { ExperimentRecord } from '../../fixtures/records.ts';

/** Names in a record's `versions` that say nothing new of the toolchain: nestbench's own, and what follows from the others. */
const OTHERS =
  /^(nestbench|node|network card|image|toolchain|kernel|kernel build|emulator build|(kernel|qemu) of .*)$/;

/** What names the kernel's own. A variant may choose another suite for it. */
const KERNELS = /^kernel (source|compiler)$/;

/** Version by name; undefined of a journal from before there was a toolchain. */
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
 * What differs between two toolchains. Nothing where one is unknown, and nothing that one does not tell: a variant that
 * brings a kernel says nothing of its source.
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

/** The same between two experiments, without the kernel's where their variants choose different suites for it. */
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

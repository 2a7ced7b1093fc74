/** `test` for end-to-end tests that boot and keep snapshots: with a separate cache for the file. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { findCell } from '../../fixtures/matrix.ts';
import { sizingFor } from '../../fixtures/sizing.ts';
import { STOCK_VARIANT } from '../../fixtures/variant.ts';
import { buildAll } from '../../setup/build/build-all.ts';
import { cacheDirectory } from '../../setup/build/cache/build-cache.ts';
import { describeHost } from '../../setup/testbed/host-resources.ts';
import { snapshotRecord } from '../../setup/testbed/emulated/snapshot/snapshot-record.ts';
import type { Snapshot } from '../../setup/testbed/emulated/snapshot/snapshot-store.ts';
import { planStack, type StackPlan } from '../../setup/testbed/emulated/stack-plan.ts';
import { type Place, runtimeOf } from './run.testing.ts';
import { test as base } from './testbed.testing.ts';

/** Its `cache` shares everything with the host's except snapshots. */
export const test = base.extend('cache', { scope: 'file' }, ({ place }): string => {
  const cache = path.join(place.results, 'cache', 'nestbench');
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cacheDirectory())) {
    if (/^(emulator|kernel|image|root|toolchain|tsc)-[0-9a-f]+$/.test(name)) {
      symlinkSync(path.join(cacheDirectory(), name), path.join(cache, name));
    }
  }
  return cache;
});

/** The environment of a run that restores what it can. */
export function warm(cache: string): Readonly<Record<string, string>> {
  return { BOOT: 'warm', XDG_CACHE_HOME: path.dirname(cache) };
}

/** Names of the snapshots in the cache, each CELL-HASH. */
export function snapshots(cache: string): string[] {
  return readdirSync(path.join(cache, 'snapshots'));
}

/** The only snapshot of a cell. */
export function snapshotOf(cell: string, cache: string): Snapshot {
  const [name, ...others] = snapshots(cache).filter((each) => each.startsWith(`${cell}-`));
  if (name === undefined || others.length > 0) throw new Error(snapshots(cache).join(', '));
  const directory = path.join(cache, 'snapshots', name);
  const record = snapshotRecord.parse(
    JSON.parse(readFileSync(path.join(directory, 'snapshot.json'), 'utf8')),
  );
  return { name, directory, record };
}

/** The plan of what was saved, with sockets in this place. Everything that it names is in the cache. */
export async function planOf({ record }: Snapshot, place: Place): Promise<StackPlan> {
  const cell = findCell(record.cell);
  const [l0] = record.facts.levels;
  if (cell === undefined || l0 === undefined) throw new Error(record.cell);
  const { kernel, image, emulator } = await buildAll(new AbortController().signal, STOCK_VARIANT);
  return planStack(cell, {
    accelerator: l0.qemu?.accelerator === 'kvm' ? 'kvm' : 'tcg',
    card: 'igb',
    sizing: sizingFor(describeHost()),
    tscKhz: Number(/tsc_early_khz=(\d+)/.exec(l0.commandLine)?.[1]) || undefined,
    paths: {
      kernel: kernel.vmlinux,
      image: image.file,
      emulator: emulator.program,
      tools: emulator.tools,
      runtime: runtimeOf(place),
    },
  });
}

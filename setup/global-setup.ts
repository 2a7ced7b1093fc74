/**
 * Before any cell: checks what was asked and what the host has, takes the testbed, sweeps what a killed run left
 * behind, builds the kernel and the image, and opens the experiment. It boots no stack: each cell's worker does.
 */
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Cell } from '../fixtures/matrix.ts';
import { type Sizing, sizingFor } from '../fixtures/sizing.ts';
import type { ExperimentRecord } from '../fixtures/records.ts';
import { type Chosen, findChosen } from './chosen.ts';
import { NestbenchError, withoutStack } from './errors.ts';
import { checkExperiment, checkout, openExperiment } from './experiment.ts';
import { describeHost, hostVirtualization } from './host/resources.ts';
import { measureTscKhz } from './host/tsc.ts';
import { endOwned } from './machine/qemu-process.ts';
import type { ProvidedExperiment } from './provided.ts';
import { resolveSettings, type Settings, withOwnOptions } from './settings.ts';
import { stopGracefully } from './signals.ts';
import { EMULATED_CPU } from './stack/qemu-argv.ts';
import { identityOf } from './snapshot/identity.ts';
import { prefetch, type Prefetched } from './snapshot/prefetch.ts';
import { Phases } from './stack/phases.ts';
import { planStack } from './stack/plan.ts';
import { type Prepared, type PrepareOptions, prepareTestbed } from './testbed/prepare.ts';
import { runtimeDirectory } from './testbed/runtime.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { vitest } = project;
  const vitestSeconds = process.uptime();
  const log = (line: string): void => vitest.logger.log(line);
  try {
    const chosen = await findChosen(vitest);
    if (chosen.cells.length === 0) return undefined;
    const settings = resolveSettings(
      withOwnOptions(process.env, process.argv),
      new Date(),
      vitest.config.shard,
    );
    const stopping = new AbortController();
    let isOurs = false;
    const giveBack = stopGracefully(vitest, {
      controller: stopping,
      endMachines: async () => isOurs && endOwned(runtimeDirectory()),
      log,
    });
    await using held = new AsyncDisposableStack();
    held.defer(giveBack);
    const prepared = await prepare(chosen, settings, {
      held,
      onTestbed: (is) => void (isOurs = is),
      signal: stopping.signal,
      log,
      vitestSeconds,
    });
    project.provide('experiment', prepared);
    const keep = held.move();
    return () => keep.disposeAsync();
  } catch (error) {
    throw error instanceof NestbenchError ? withoutStack(error) : error;
  }
}

async function prepare(
  { measured: cells, first, hasMicrobenchmarks }: Chosen,
  settings: Settings,
  options: Pick<PrepareOptions, 'held' | 'onTestbed' | 'signal' | 'log'> & {
    /** How long the process ran before the global setup did. */
    readonly vitestSeconds: number;
  },
): Promise<ProvidedExperiment> {
  const { signal, log, vitestSeconds } = options;
  // It takes as long as all the checks: it can be asked for beside them.
  const ofCheckout = checkout();
  ofCheckout.catch(() => {});
  const phases = new Phases();
  const host = describeHost();
  const sizing = sizingFor(host);
  const { accelerator, reason } = await hostVirtualization();
  const testbed: ExperimentRecord['testbed'] = {
    kind: 'emulated',
    accelerator,
    settings: describeTestbed(accelerator, sizing),
  };
  checkExperiment(settings, testbed);
  phases.lap('checks');
  let built: Prepared | undefined;
  if (cells.length > 0) {
    log(reason);
    const { waitMinutes, variant, clock } = settings;
    const virtualTime =
      accelerator === 'tcg' && hasMicrobenchmarks && clock !== 'real' && variant.qemu === undefined;
    built = await prepareTestbed({ ...options, cells, sizing, variant, virtualTime, waitMinutes });
  }
  const beforeClock = new Phases();
  // KVM tells its guests the rate: only an emulated kernel has to be told.
  const tscKhz = built !== undefined && accelerator === 'tcg' ? await measureTscKhz(signal) : undefined;
  beforeClock.lap('TSC rate');
  const made = {
    name: settings.experiment,
    profile: settings.profile,
    variant: settings.variant,
    accelerator,
    sizing,
    // Where nothing boots, nothing is asked of it.
    card: built?.qemu.card ?? 'virtio-net-pci',
    paths: {
      kernel: built?.kernel.vmlinux ?? '',
      image: built?.image.file ?? '',
      emulator: built?.emulator?.program,
      runtime: runtimeDirectory(),
    },
    tscKhz,
    kernelRelease: built?.kernel.release ?? '',
    clock: settings.clock,
    boot: settings.boot,
    ingredients: {
      kernel: built?.kernel.hash ?? '',
      image: built?.image.hash ?? '',
      qemu: built?.qemu.identity ?? '',
    },
    snapshotBytes: settings.snapshotBytes,
  } as const;
  const prefetched = await prefetchFirst(first, made, settings, options);
  const journal = await openExperiment(
    settings,
    {
      testbed,
      host,
      versions: built === undefined ? {} : versionsOf(built),
      phases: [
        { name: 'Vitest', seconds: vitestSeconds },
        ...phases.list,
        ...(built?.phases ?? []),
        ...beforeClock.list,
      ],
    },
    ofCheckout,
  );
  return { ...made, directory: journal.directory, prefetched };
}

/** Nothing where the first cell is to boot, or in another clock. */
async function prefetchFirst(
  first: Cell | undefined,
  made: Omit<ProvidedExperiment, 'directory' | 'prefetched'>,
  { folder, resultsDirectory }: Settings,
  { signal, log }: Pick<PrepareOptions, 'signal' | 'log'>,
): Promise<Prefetched | undefined> {
  const { boot, clock, ingredients, paths } = made;
  if (first === undefined || boot === 'cold' || clock === 'virtual') return undefined;
  const plan = planStack(first, { ...made, kind: 'application', clock: 'real' });
  const { runtime } = paths;
  const logs = path.join(resultsDirectory, folder, first.name);
  return prefetch(plan, {
    runtime,
    logs,
    identity: identityOf(plan, runtime, ingredients),
    signal,
    say: log,
  });
}

/** The settings of the emulated machine that shape its numbers, by name. */
function describeTestbed(accelerator: 'tcg' | 'kvm', { cpus, memoryMiB }: Sizing): Record<string, string> {
  return {
    cpu: accelerator === 'tcg' ? EMULATED_CPU : 'host',
    mitigations: accelerator === 'tcg' ? 'off' : "the kernel's default",
    sizing: `${cpus.last} CPU at the level under test, ${cpus.reservedOnServer} kept by L0, ${cpus.reservedInGuests} by each level between; ${memoryMiB} MiB a level`,
  };
}

function versionsOf({ kernel, image, qemu, emulator }: Prepared): Record<string, string> {
  return {
    kernel: kernel.release,
    image: image.hash,
    'qemu of the host': qemu.version,
    'network card': qemu.card,
    ...(emulator && { 'qemu of virtual time': `${emulator.version}, patched (${emulator.hash})` }),
    ...image.packages,
  };
}

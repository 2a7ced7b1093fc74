/** Before any boot: takes the testbed, sweeps what a killed run left, checks and completes the host, and builds. */
import type { Cell } from '../../../fixtures/matrix.ts';
import { memoryMiBAt, type Sizing } from '../../../fixtures/sizing.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import { buildAll, type Built } from '../../build/build-all.ts';
import type { Emulator } from '../../build/qemu/emulator.ts';
import { cacheDirectory, holdCache } from '../../build/cache/build-cache.ts';
import { describeQemu, type HostQemu } from './host-qemu.ts';
import { checkResources } from '../host-resources.ts';
import { measureTscKhz } from './tsc.ts';
import { endOwned } from '../../machine/qemu/qemu-process.ts';
import { tell } from '../../lib/task-progress.ts';
import type { Accelerator } from '../../stack/machine-plan.ts';
import { type Phase, Phases } from '../../lib/phase-clock.ts';
import { runtimeDirectory, sweepTestbed, takeTestbed } from '../runtime.ts';

/** Free space that a start needs. A build was seen to take 1.03 GB of the cache; apt and mmdebstrap need as much again. */
export const BUILD_BYTES = 3e9;
/** What a QEMU takes besides its guest's memory, at most: TCG's code buffer (DEFAULT_CODE_GEN_BUFFER_SIZE, tcg/region.c). */
const QEMU_MIB = 1024;

export interface PrepareOptions {
  /** Those that will boot. */
  readonly cells: readonly Cell[];
  readonly sizing: Sizing;
  readonly variant: Variant;
  /** What will run the server's instructions. */
  readonly accelerator: Accelerator;
  /** How long to wait for a testbed that another run holds. */
  readonly waitMinutes: number;
  /** Keeps the testbed until it is disposed. */
  readonly held: AsyncDisposableStack;
  /** Told that the testbed is ours, and that it no longer is: another run's machines are not ours to end. */
  readonly onTestbed: (isOurs: boolean) => void;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export interface Prepared extends Built {
  /** Of the server and the client: the emulator, or the variant's. */
  readonly qemu: HostQemu;
  /** Of the host's TSC; undefined under KVM, which tells its guests the rate: only an emulated kernel has to be told. */
  readonly tscKhz: number | undefined;
  /** What it took; the wait for the testbed is the first, named `testbed`. */
  readonly phases: readonly Phase[];
}

/** Takes this host's place for a running testbed, and sweeps it: what follows is ours alone. */
export async function takeHost({
  waitMinutes,
  held,
  onTestbed,
  signal,
  log,
}: Pick<PrepareOptions, 'waitMinutes' | 'held' | 'onTestbed' | 'signal' | 'log'>): Promise<void> {
  const { previousRuntime } = held.use(
    await takeTestbed({
      waitMinutes,
      signal,
      onWait: (holders) => log(`The testbed of this host is held by ${holders}; waiting for it.`),
    }),
  );
  onTestbed(true);
  held.defer(() => onTestbed(false));
  // Whatever became of those who booted: after them nothing of ours runs any more.
  held.defer(async () => void (await endOwned(runtimeDirectory())));
  for (const line of await sweepTestbed(previousRuntime)) log(line);
}

export async function prepareTestbed(options: PrepareOptions): Promise<Prepared> {
  const { cells, sizing, variant, accelerator, held, signal } = options;
  const phases = new Phases();
  await takeHost(options);
  phases.lap('testbed');
  await checkResources({
    cacheDirectory: cacheDirectory(),
    cacheBytes: BUILD_BYTES,
    memoryBytes: memoryNeeded(cells, sizing),
  });
  phases.lap('host');
  // As long as machines boot from it, `npm run clean` leaves it alone.
  held.use(await holdCache(signal));
  const built = await buildAll(signal, variant);
  // Side by side, as each waits for programs.
  const [own, tscKhz] = await Promise.all([
    variant.qemu === undefined ? undefined : describeQemu(signal, variant.qemu),
    accelerator === 'tcg' ? measureTscKhz(signal) : undefined,
  ]);
  phases.lap('kernel and image');
  tell({ task: 'build', text: 'The kernel, the emulator and the image are ready.', state: 'done' });
  return { ...built, qemu: own ?? describeEmulator(built.emulator), tscKhz, phases: phases.list };
}

/** Every build of it has an identity of the same first word: so the snapshots of an earlier one are dropped. */
export function describeEmulator({ version, hash }: Emulator): HostQemu {
  return { version: `${version} ${hash}`, identity: `emulator ${hash}`, card: 'igb' };
}

function memoryNeeded(cells: readonly Cell[], sizing: Sizing): number {
  const deepest = Math.max(...cells.map(({ level }) => level));
  const server = Math.max(...cells.map(({ level }) => memoryMiBAt(sizing, 0, level)));
  return (server + sizing.memoryMiB + QEMU_MIB * (deepest > 0 ? 2 : 1)) * 2 ** 20;
}

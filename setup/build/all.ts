/** Everything that a testbed boots from, built side by side. */
import type { TestbedKind } from '../../fixtures/records.ts';
import type { Variant } from '../../fixtures/variant.ts';
import { buildEmulator, type Emulator } from './emulator.ts';
import { buildImage, IMAGE_FORMATS, type Image } from './image.ts';
import { buildKernel, type Kernel } from './kernel.ts';
import { buildRoot } from './root.ts';
import { sweepCache } from './cache.ts';

export interface BootFiles {
  readonly kernel: Kernel;
  readonly image: Image;
}

/** The emulated testbed's. */
export interface Built extends BootFiles {
  readonly emulator: Emulator;
}

/**
 * The kernel and the image, from the cache or built now; packages are fetched while the kernel compiles. Where one
 * fails, the other is ended before the first error is thrown.
 */
export async function buildBootFiles(
  signal: AbortSignal,
  variant: Variant,
  testbed: TestbedKind,
): Promise<BootFiles> {
  await sweepCache();
  const [kernel] = await together(signal, (either) => buildKernel(either, variant, testbed), buildRoot);
  const image = await buildImage(kernel, IMAGE_FORMATS[testbed], signal);
  return { kernel, image };
}

/** With the emulator: what the emulated testbed needs. */
export async function buildAll(signal: AbortSignal, variant: Variant): Promise<Built> {
  const files = await buildBootFiles(signal, variant, 'emulated');
  return { ...files, emulator: await buildEmulator(signal) };
}

/** Both, or the first failure once neither runs any more. */
export async function together<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const other = new AbortController();
  const either = AbortSignal.any([signal, other.signal]);
  const failures: unknown[] = [];
  const noted = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await work(either);
    } catch (error) {
      failures.push(error);
      other.abort();
      throw error;
    }
  };
  const [a, b] = await Promise.allSettled([noted(first), noted(second)]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  throw failures[0];
}

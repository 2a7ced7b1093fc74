/** Everything that a testbed boots from, built concurrently. */
import { IMAGE_FORMATS, type TestbedKind } from '../../fixtures/image-formats.ts';
import type { Variant } from '../../fixtures/variant.ts';
import { NestbenchError } from '../lib/errors.ts';
import { buildEmulator, type Emulator } from './qemu/emulator.ts';
import { buildImage, type Image } from './image/image.ts';
import { buildKernel, type Kernel } from './kernel/kernel.ts';
import { buildRoot } from './image/guest-root.ts';
import { sweepCache } from './cache/build-cache.ts';

export interface BootFiles {
  readonly kernel: Kernel;
  readonly image: Image;
}

/** What the emulated testbed needs. */
export interface Built extends BootFiles {
  readonly emulator: Emulator;
}

/** The kernel and the image, from the cache or built now. */
export async function buildBootFiles(
  signal: AbortSignal,
  variant: Variant,
  testbed: TestbedKind,
): Promise<BootFiles> {
  await sweepCache();
  return bootFiles(signal, variant, testbed);
}

/**
 * Also builds the emulator, which compiles at the same time as the kernel: everything that the emulated testbed needs.
 */
export async function buildAll(signal: AbortSignal, variant: Variant): Promise<Built> {
  await sweepCache();
  return bootFilesAndEmulator(signal, variant);
}

async function bootFilesAndEmulator(signal: AbortSignal, variant: Variant): Promise<Built> {
  const [files, emulator] = await together(
    signal,
    (either) => bootFiles(either, variant, 'emulated'),
    buildEmulator,
  );
  return { ...files, emulator };
}

/** Whether the cache has everything that the emulated testbed needs, so that a run builds nothing. Only checks. */
export async function isAllBuilt(variant: Variant): Promise<boolean> {
  const signal = AbortSignal.abort();
  try {
    await bootFilesAndEmulator(signal, variant);
    return true;
  } catch (error) {
    if (error instanceof NestbenchError && error.kind !== 'bug') return false;
    throw error;
  }
}

/** The guests' packages are downloaded while the toolchain is made and the kernel compiles. */
async function bootFiles(signal: AbortSignal, variant: Variant, testbed: TestbedKind): Promise<BootFiles> {
  const [kernel] = await together(signal, (either) => buildKernel(either, variant, testbed), buildRoot);
  return { kernel, image: await buildImage(kernel, IMAGE_FORMATS[testbed], signal) };
}

/** Both results, or the first failure once both have ended. */
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

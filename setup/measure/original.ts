/**
 * Downloads the artifact's own material for a benchmark if there is internet access, and keeps it, so that every cell
 * has the same.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import type { ProfileName } from '../../fixtures/profiles.ts';
import { cacheDirectory } from '../build/cache/build-cache.ts';
import { sha256 } from '../lib/hash.ts';
import { reasonOf } from '../lib/error-text.ts';
import { writeWhole } from '../lib/write-whole.ts';

/** A page of 41 KB takes a second or fails. Do not wait longer for a firewall that drops packets. */
const PATIENCE_MS = 10_000;

export interface WithOriginal {
  readonly benchmark: Benchmark;
  /** What it uses now; undefined if it uses generated material. */
  readonly original: { readonly url: string; readonly sha256: string } | undefined;
  /** Why the original could not be downloaded, if it was requested. */
  readonly missing: string | undefined;
}

/**
 * The benchmark with its original, if this profile requests it and it can be downloaded.
 * @throws the signal's reason.
 */
export async function withOriginal(
  benchmark: Benchmark,
  profile: ProfileName,
  signal: AbortSignal,
  directory = path.join(cacheDirectory(), 'originals'),
): Promise<WithOriginal> {
  const { original } = benchmark;
  if (original === undefined || !original.profiles.includes(profile)) {
    return { benchmark, original: undefined, missing: undefined };
  }
  const { url } = original;
  const file = path.join(directory, sha256(url));
  try {
    const text = (await kept(file)) ?? (await fetched(url, signal));
    writeWhole(file, text);
    return {
      benchmark: original.with(text),
      original: { url, sha256: sha256(text) },
      missing: undefined,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { benchmark, original: undefined, missing: `${url}: ${whyOf(error)}` };
  }
}

/** `fetch` only says that it failed; the reason is in its error's cause. */
function whyOf(error: unknown): string {
  return reasonOf(error instanceof Error ? (error.cause ?? error) : error);
}

async function kept(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

async function fetched(url: string, signal: AbortSignal): Promise<string> {
  const patient = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const response = await fetch(url, { signal: patient });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const text = await response.text();
  if (text === '') throw new Error('the server answered with nothing');
  return text;
}

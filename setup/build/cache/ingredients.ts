/** What is in the cache, and which artefacts an artefact was made from. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, entries, PROVENANCE_FILE, type Provenance, readProvenance } from './build-cache.ts';
import type { Inputs } from '../../lib/hash.ts';

export interface CachedArtefact {
  /** `NAME-HASH`, its directory's name in the cache. */
  readonly label: string;
  readonly provenance: Provenance;
}

/** Whether it is complete, or only its provenance, as an import may leave it. */
export function contentsOf(label: string): 'whole' | 'provenance' {
  const others = readdirSync(path.join(cacheDirectory(), label)).filter((name) => name !== PROVENANCE_FILE);
  return others.length > 0 ? 'whole' : 'provenance';
}

/** Every complete artefact of the cache, by name. */
export function artefacts(): CachedArtefact[] {
  return entries()
    .toSorted()
    .flatMap((label): CachedArtefact | [] => {
      const provenance = readProvenance(path.join(cacheDirectory(), label));
      const isNamed = provenance !== undefined && label === `${provenance.name}-${provenance.hash}`;
      return isNamed ? { label, provenance } : [];
    });
}

/**
 * Those of `all` that `wanted` were made from, directly or indirectly: an artefact's inputs have the hashes of others.
 * Without `wanted` themselves.
 */
export function ingredientsOf(wanted: readonly string[], all: readonly CachedArtefact[]): CachedArtefact[] {
  const found = new Set(all.filter(({ label }) => wanted.includes(label)));
  // A set's loop also visits elements that are added during the loop.
  for (const { provenance } of found) {
    const texts = new Set(textsIn(provenance.inputs));
    for (const other of all) if (texts.has(other.provenance.hash)) found.add(other);
  }
  return [...found].filter(({ label }) => !wanted.includes(label));
}

function textsIn(value: Inputs | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

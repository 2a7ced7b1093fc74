/** The contents of the cache, as a table. */
import path from 'node:path';
import { blockText, tableBlocks, wordColumn } from '../../reporters/terminal/columns.ts';
import { painter } from '../../reporters/terminal/paint.ts';
import type { TableOptions } from '../../reporters/terminal/terminal-table.ts';
import { cacheDirectory, diskBytes, entries, type Provenance } from '../../setup/build/cache/build-cache.ts';
import { artefacts, contentsOf } from '../../setup/build/cache/ingredients.ts';
import { inBytes } from '../../setup/lib/bytes.ts';

/** The facts of a build that distinguish it from others. */
const DISTINCTIVE = /^(release|version|kernel|suite|gcc|linux-source-[\d.]+|src:qemu|qemu-system-x86|zstd)$/;

/** The versions of an artefact, in words. */
export function versionsOf({ facts }: Pick<Provenance, 'facts'>): string {
  return Object.entries(facts)
    .filter(([name]) => DISTINCTIVE.test(name))
    .map(([name, version]) => (name === 'release' || name === 'version' ? version : `${name} ${version}`))
    .join(', ');
}

interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly made: string;
  readonly versions: string;
}

/** Artefacts by name, then what else takes up space. */
export async function cacheTable({ columns, colours }: TableOptions): Promise<string> {
  const rows = await rowsOf();
  if (rows.length === 0) return `${cacheDirectory()} is empty: the first run fills it.`;
  const column = (heading: string, of: (row: Row) => string, side: 'left' | 'right') =>
    wordColumn(heading, rows.map(of), side);
  const [block = []] = tableBlocks(
    [column('', ({ name }) => name, 'left')],
    [
      column('size', ({ bytes }) => inBytes(bytes), 'right'),
      column('made', ({ made }) => made, 'left'),
      column('versions', ({ versions }) => versions, 'left'),
    ],
    // A single block, however long the versions are: a line that wraps is better than a second table.
    Math.max(columns, 1000),
    painter(colours),
  );
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${cacheDirectory()}, ${inBytes(total)}:\n\n${blockText(block)}\n\n${STAYS}`;
}

const STAYS = 'Old parts stay until npm run clean empties the cache; the next run builds what it needs.';

async function rowsOf(): Promise<Row[]> {
  const all = artefacts();
  const labels = new Set(all.map(({ label }) => label));
  const rows: Row[] = [];
  for (const { label, provenance } of all) {
    const alone = contentsOf(label) === 'provenance' ? ['provenance only'] : [];
    rows.push({
      name: label,
      bytes: await bytesOf(label),
      made: provenance.madeAt.slice(0, 16).replace('T', ' '),
      versions: [...alone, versionsOf(provenance)].filter((text) => text !== '').join(': '),
    });
  }
  for (const name of entries()
    .filter((entry) => !labels.has(entry))
    .toSorted()) {
    const bytes = await bytesOf(name);
    if (bytes > 0) rows.push({ name, bytes, made: '', versions: '' });
  }
  return rows;
}

/** 0 for an entry that has been renamed since, because its build finished. */
async function bytesOf(name: string): Promise<number> {
  return diskBytes(path.join(cacheDirectory(), name)).catch(() => 0);
}

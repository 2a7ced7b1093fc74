/** `npm run cache`: lists the cache, and copies what a run boots from to other machines. */
import { STOCK_VARIANT } from '../fixtures/variant.ts';
import { terminalOptions } from '../reporters/terminal/terminal.ts';
import { buildAll } from '../setup/build/build-all.ts';
import { holdCache } from '../setup/build/cache/build-cache.ts';
import { assertPlace, exportCache } from '../setup/build/cache/export-cache.ts';
import { type ArtefactToExport, type ExportedArtefact, labelOf } from '../setup/build/cache/export-format.ts';
import { importCache } from '../setup/build/cache/import-cache.ts';
import { artefacts, contentsOf, ingredientsOf } from '../setup/build/cache/ingredients.ts';
import { InputError } from '../setup/lib/errors.ts';
import { packageVersion } from '../setup/run/experiment-record.ts';
import { inBytes } from '../setup/lib/bytes.ts';
import { buildTscProgram } from '../setup/testbed/emulated/tsc.ts';
import { clean } from './cli/cache-clean.ts';
import { type CacheCommand, HELP, parseCacheCommand } from './cli/cache-options.ts';
import { cacheTable, versionsOf } from './cli/cache-table.ts';
import { placesOfExperiments } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';
import { stoppable } from './cli/stoppable.ts';

type Parsed<T extends CacheCommand['command']> = Extract<CacheCommand, { command: T }>;

/** Large, and only needed to build with. An export includes only their versions by default. */
const TO_BUILD_WITH = new Set(['toolchain', 'root']);

await runScript(HELP, async () => {
  const parsed = parseCacheCommand(process.argv.slice(2), placesOfExperiments().from);
  switch (parsed.command) {
    case 'list':
      console.log(await cacheTable(terminalOptions()));
      return;
    case 'clean':
      await clean(parsed);
      return;
    case 'export':
      await stoppable((signal) => exportTo(parsed, signal));
      return;
    case 'import':
      await stoppable((signal) => importFrom(parsed, signal));
  }
});

async function exportTo(
  { file, withToolchain, force }: Parsed<'export'>,
  signal: AbortSignal,
): Promise<void> {
  assertPlace(file, force);
  await using held = new AsyncDisposableStack();
  // Held from the build to the last byte, so that nobody cleans the cache in between.
  held.use(await holdCache(signal));
  const wanted = await stockLabels(signal);
  const all = artefacts();
  const ingredients = ingredientsOf(wanted, all);
  const selected = all
    .filter((one) => wanted.includes(one.label) || ingredients.includes(one))
    .map(({ label, provenance: { name, hash, facts } }): ArtefactToExport => {
      const isLeftOut = TO_BUILD_WITH.has(name) && !withToolchain;
      if (!isLeftOut && contentsOf(label) === 'provenance') throw provenanceAlone(label);
      return { name, hash, contents: isLeftOut ? 'provenance' : 'whole', facts };
    });
  const { artefacts: exported, size } = await exportCache(file, {
    nestbench: packageVersion(),
    artefacts: selected,
    force,
    signal,
  });
  console.log(`${file} (${inBytes(size)}) holds\n${linesOf(exported)}`);
  console.log(
    'On another machine: npm run cache -- import FILE. Snapshots belong to this machine and are not exported.',
  );
}

/** Builds what a stock run boots from, if it is missing. */
async function stockLabels(signal: AbortSignal): Promise<string[]> {
  const { image, kernel, emulator } = await buildAll(signal, STOCK_VARIANT);
  const tsc = await buildTscProgram(signal);
  return [`image-${image.hash}`, `kernel-${kernel.hash}`, `emulator-${emulator.hash}`, `tsc-${tsc.hash}`];
}

function provenanceAlone(label: string): InputError {
  return new InputError(
    'NESTBENCH_BAD_EXPORT',
    `The cache has only the provenance of ${label}, which was imported without its contents. Export without --with-toolchain, or from the machine that built it.`,
  );
}

async function importFrom({ file }: Parsed<'import'>, signal: AbortSignal): Promise<void> {
  const { manifest, added, kept, differing } = await importCache(file, signal);
  if (added.length > 0) console.log(`Imported from ${file}, made at ${manifest.madeAt}:\n${linesOf(added)}`);
  if (kept.length > 0) console.log(`Already in the cache, and left unchanged:\n${linesOf(kept)}`);
  if (differing.length > 0) {
    console.log(
      `The cache has other versions than the export, and runs use those in the cache. To use the exported ones, run npm run clean and import again:\n  ${differing.join('\n  ')}`,
    );
  }
}

function linesOf(exported: readonly ExportedArtefact[]): string {
  return exported
    .map((one) => {
      const what = one.contents === 'provenance' ? 'provenance only' : inBytes(one.bytes);
      return `  ${[labelOf(one), what, versionsOf(one)].filter((text) => text !== '').join('  ')}`;
    })
    .join('\n');
}

/** `npm run cache`: lists the cache, and carries what a run boots from to other machines. */
import { STOCK_VARIANT } from '../fixtures/variant.ts';
import ProgressReporter from '../reporters/progress.ts';
import { terminalOptions } from '../reporters/terminal/terminal.ts';
import { buildAll } from '../setup/build/build-all.ts';
import { holdCache } from '../setup/build/cache/build-cache.ts';
import { assertPlace, exportCache } from '../setup/build/cache/export-cache.ts';
import { type Chosen, type ExportedArtefact, labelOf } from '../setup/build/cache/export-format.ts';
import { importCache } from '../setup/build/cache/import-cache.ts';
import { artefacts, contentsOf, ingredientsOf } from '../setup/build/cache/ingredients.ts';
import { InputError } from '../setup/lib/errors.ts';
import { packageVersion } from '../setup/run/experiment-record.ts';
import { inBytes } from '../setup/lib/bytes.ts';
import { buildTscProgram } from '../setup/testbed/emulated/tsc.ts';
import { onStopSignals } from '../setup/run/stop-signals.ts';
import { clean } from './cli/cache-clean.ts';
import { type CacheCommand, HELP, parseCacheCommand } from './cli/cache-options.ts';
import { cacheTable, versionsOf } from './cli/cache-table.ts';
import { placesOfExperiments } from './cli/read-experiment.ts';
import { runScript } from './cli/run-script.ts';

type Asked<T extends CacheCommand['command']> = Extract<CacheCommand, { command: T }>;

/** Only to build with, and large: the versions of an export come along without them. */
const TO_BUILD_WITH = new Set(['toolchain', 'root']);

await runScript(async () => {
  const asked = parseCacheCommand(process.argv.slice(2), placesOfExperiments().from);
  switch (asked.command) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'list':
      console.log(await cacheTable(terminalOptions()));
      return;
    case 'clean':
      await clean(asked);
      return;
    case 'export':
      await stoppable((signal) => exportTo(asked, signal));
      return;
    case 'import':
      await stoppable((signal) => importFrom(asked, signal));
  }
});

/** With progress, until it is done or told to stop. */
async function stoppable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await using held = new AsyncDisposableStack();
  const stopping = new AbortController();
  held.defer(
    onStopSignals({
      stop: (by) => stopping.abort(new Error(`stopped by ${by}`)),
      endMachines: async () => {},
      stopping: 'removing what is half done',
      kept: () => 'What was built stays in the cache.',
      log: (line) => console.error(line),
    }),
  );
  const progress = new ProgressReporter();
  progress.onTestRunStart();
  held.defer(() => progress.onTestRunEnd());
  await work(stopping.signal);
}

async function exportTo({ file, withToolchain, force }: Asked<'export'>, signal: AbortSignal): Promise<void> {
  assertPlace(file, force);
  await using held = new AsyncDisposableStack();
  // From the build to the last byte, so that nobody cleans between.
  held.use(await holdCache(signal));
  const wanted = await stockLabels(signal);
  const all = artefacts();
  const ingredients = ingredientsOf(wanted, all);
  const chosen = all
    .filter((one) => wanted.includes(one.label) || ingredients.includes(one))
    .map(({ label, provenance: { name, hash, facts } }): Chosen => {
      const isLeftOut = TO_BUILD_WITH.has(name) && !withToolchain;
      if (!isLeftOut && contentsOf(label) === 'provenance') throw provenanceAlone(label);
      return { name, hash, contents: isLeftOut ? 'provenance' : 'whole', facts };
    });
  const { artefacts: exported, size } = await exportCache(file, {
    nestbench: packageVersion(),
    artefacts: chosen,
    force,
    signal,
  });
  console.log(`${file} (${inBytes(size)}) holds\n${linesOf(exported)}`);
  console.log(
    'On another machine: npm run cache -- import FILE. Snapshots are of this machine, and stay here.',
  );
}

/** What a stock run boots from, built where it is missing. */
async function stockLabels(signal: AbortSignal): Promise<string[]> {
  const { image, kernel, emulator } = await buildAll(signal, STOCK_VARIANT);
  const tsc = await buildTscProgram(signal);
  return [`image-${image.hash}`, `kernel-${kernel.hash}`, `emulator-${emulator.hash}`, `tsc-${tsc.hash}`];
}

function provenanceAlone(label: string): InputError {
  return new InputError(
    'NESTBENCH_BAD_EXPORT',
    `The cache has only the provenance of ${label}, as it was imported without its contents. Export without --with-toolchain, or from the machine that built it.`,
  );
}

async function importFrom({ file }: Asked<'import'>, signal: AbortSignal): Promise<void> {
  const { manifest, added, kept, differing } = await importCache(file, signal);
  if (added.length > 0) console.log(`Imported from ${file}, made at ${manifest.madeAt}:\n${linesOf(added)}`);
  if (kept.length > 0) console.log(`There already, and left as it is:\n${linesOf(kept)}`);
  if (differing.length > 0) {
    console.log(
      `What is here has other versions than the export, and runs go by what is here (npm run clean, and import again, to change that):\n  ${differing.join('\n  ')}`,
    );
  }
}

function linesOf(exported: readonly ExportedArtefact[]): string {
  return exported
    .map((one) => {
      const what = one.contents === 'provenance' ? 'its provenance alone' : inBytes(one.bytes);
      return `  ${[labelOf(one), what, versionsOf(one)].filter((text) => text !== '').join('  ')}`;
    })
    .join('\n');
}

/** `npm run explain`: where the instructions of one operation go, by level and by function. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Cell } from '../fixtures/matrix.ts';
import { sizingFor } from '../fixtures/sizing.ts';
import type { Explanation } from '../reporters/explain/explanation.ts';
import { EXPLANATION_FILE } from '../reporters/explain/read-explanation.ts';
import { explanationPage } from '../reporters/explain/explanation-page.ts';
import { differenceText, explanationText, sequenceText } from '../reporters/explain/explanation-text.ts';
import { buildRecordingEmulator } from '../setup/build/qemu/emulator.ts';
import { Phases } from '../setup/lib/phase-clock.ts';
import { startName } from '../setup/lib/start-name.ts';
import { writeWhole } from '../setup/lib/write-whole.ts';
import { endOwned } from '../setup/machine/qemu/qemu-process.ts';
import { resolveSettings, type Settings } from '../setup/run/settings.ts';
import type { EmulatedExperiment } from '../setup/testbed/emulated/emulated-experiment.ts';
import { buildMaterial } from '../setup/testbed/emulated/prepare-emulated.ts';
import { describeHost } from '../setup/testbed/host-resources.ts';
import { runtimeDirectory } from '../setup/testbed/runtime.ts';
import type { PrepareOptions } from '../setup/testbed/testbed.ts';
import { runScript } from './cli/run-script.ts';
import { stoppable } from './cli/stoppable.ts';
import { checkCell, checkSettings } from './explain/check-explain.ts';
import { type ExplainOptions, HELP, parseExplainOptions } from './explain/explain-options.ts';
import { recordOperation } from './explain/record-operation.ts';

/** Beside the result itself. */
const PAGE_FILE = 'explain.html';

await runScript(HELP, async () => {
  const options = parseExplainOptions(process.argv.slice(2));
  const settings = resolveSettings(process.env, new Date());
  checkSettings(settings);
  for (const cell of cellsOf(options)) checkCell(cell, settings.variant);
  const directory = path.join(settings.resultsDirectory, `explain-${startName(new Date())}`);
  const [explained, base] = await record(options, settings, directory);
  writeWhole(path.join(directory, EXPLANATION_FILE), `${JSON.stringify(explained, null, 1)}\n`);
  writeWhole(path.join(directory, PAGE_FILE), explanationPage(explained, base));
  const texts = [
    explanationText(explained),
    ...(options.sequence ? [sequenceText(explained)] : []),
    ...(base === undefined ? [] : [differenceText(base, explained)]),
    `The page: ${path.join(path.relative('', directory), PAGE_FILE)}`,
  ];
  console.log(texts.join('\n\n'));
});

/** Those that are recorded. */
function cellsOf({ cell, compare }: ExplainOptions): Cell[] {
  return compare?.cell === undefined ? [cell] : [cell, compare.cell];
}

/** The explanation, and that of what it is compared with. */
type Recorded = readonly [Explanation, Explanation | undefined];

async function record(options: ExplainOptions, settings: Settings, directory: string): Promise<Recorded> {
  let isOurs = false;
  return stoppable(
    async (signal, stop) => {
      await using held = new AsyncDisposableStack();
      return await recordAll(options, settings, directory, {
        held,
        onTestbed: (is) => void (isOurs = is),
        onLost: stop,
        phases: new Phases(),
        signal,
        log: console.error,
      });
    },
    {
      stopping: 'ending the machines',
      kept: 'What was built and saved stays in the cache.',
      endMachines: async () => isOurs && endOwned(runtimeDirectory()),
    },
  );
}

async function recordAll(
  options: ExplainOptions,
  settings: Settings,
  directory: string,
  preparing: PrepareOptions,
): Promise<Recorded> {
  const { cell, operation, compare } = options;
  const { variant, waitMinutes, snapshotBytes } = settings;
  const common = { accelerator: 'tcg', sizing: sizingFor(describeHost()) } as const;
  const { material, kernel, image, emulator } = await buildMaterial({
    ...common,
    cells: cellsOf(options),
    variant,
    waitMinutes,
    ...preparing,
  });
  const recorder = await buildRecordingEmulator(preparing.signal);
  const experiment: EmulatedExperiment = {
    ...common,
    kind: 'emulated',
    clocks: { application: 'real', micro: 'virtual' },
    hasSvm: true,
    snapshotBytes,
    material,
  };
  mkdirSync(directory, { recursive: true });
  const explain = (each: Cell): Promise<Explanation> =>
    recordOperation(each, operation, {
      experiment,
      variant,
      recorder,
      madeOf: {
        kernel: kernel.release,
        ...kernel.madeOf,
        image: image.hash,
        emulator: `${emulator.version} ${emulator.hash}`,
        'emulator that records': recorder.hash,
        variant: variant.name,
      },
      directory,
      signal: preparing.signal,
      say: preparing.log,
    });
  const explained = await explain(cell);
  if (compare === undefined) return [explained, undefined];
  return [explained, compare.cell === undefined ? compare.explained : await explain(compare.cell)];
}

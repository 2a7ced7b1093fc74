/**
 * `npm run plan -- CELL` prints the complete plan of a cell, and `npm run plan` which cells of a run are measured side by
 * side, without starting anything.
 */
import path from 'node:path';
import type { BenchmarkKind } from '../fixtures/benchmarks/benchmark.ts';
import { type Cell, CELLS, findCell, hasMicrobenchmarks } from '../fixtures/matrix.ts';
import { readJournalIfAny } from '../setup/journal/journal-reader.ts';
import { InputError } from '../setup/lib/errors.ts';
import { resolveSettings, type Settings } from '../setup/run/settings.ts';
import { type AskedSideBySide, askedSideBySide } from '../setup/run/side-by-side.ts';
import { loadTestbed, testbedKind } from '../setup/testbed/testbeds.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { selectedTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run plan -- [CELL ...] [--micro] [--testbed FILE]';

await runScript(USAGE, async () => {
  const { positionals, values } = parseArguments(
    {
      allowPositionals: true,
      options: { micro: { type: 'boolean', default: false }, testbed: { type: 'string' } },
    },
    USAGE,
  );
  const kind = values.micro ? 'micro' : 'application';
  const cells = positionals.map(cellOf);
  const settings = resolveSettings({ ...process.env, TESTBED: selectedTestbed(values.testbed) }, new Date());
  const testbed = await loadTestbed(testbedKind(settings.testbed));
  const [first, ...others] = cells;
  const text =
    first !== undefined && others.length === 0
      ? await testbed.describe(first, kind, settings)
      : await testbed.describeRun(
          cells.length === 0 ? measuredCells(kind) : cells,
          kind,
          settings,
          besideIn(settings),
        );
  process.stdout.write(`${text}\n`);
});

function besideIn({ parallel, resultsDirectory, folder }: Settings): AskedSideBySide | undefined {
  const { records } = readJournalIfAny(path.join(resultsDirectory, folder));
  return askedSideBySide(parallel, records, false);
}

function cellOf(name: string): Cell {
  const cell = findCell(name);
  if (cell !== undefined) return cell;
  const there = CELLS.map((each) => each.name).join(', ');
  throw new InputError(
    'NESTBENCH_UNKNOWN_CELL',
    `There is no cell "${name}". Usage: ${USAGE}, where CELL is one of ${there}.`,
  );
}

function measuredCells(kind: BenchmarkKind): readonly Cell[] {
  return kind === 'micro' ? CELLS.filter(hasMicrobenchmarks) : CELLS;
}

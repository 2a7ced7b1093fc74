/** Which cells and benchmarks a run selects, known before anything boots. */
import type { TestSpecification, Vitest } from 'vitest/node';
import { BENCHMARK_NAMES } from '../../fixtures/benchmarks/index.ts';
import { type Cell, findCell } from '../../fixtures/matrix.ts';
import { InputError, UnsuitableError } from '../lib/errors.ts';

export interface Request {
  readonly cell: Cell;
  readonly benchmarks: readonly string[];
}

export interface Selection {
  readonly cells: readonly Cell[];
  /** The cells in which something can be measured, and that will boot. */
  readonly measured: readonly Cell[];
  /** The benchmarks that were selected in each cell, by the names of their tests. */
  readonly requests: readonly Request[];
  /** The cell that boots first, if it is only for applications. */
  readonly first?: Cell | undefined;
}

/**
 * Reads the run's filters: paths, `--project` and `-t`. Test names are read statically, without running the suites.
 * @param canMeasure whether the testbed can measure a cell, as far as that is known before it is prepared.
 * @throws {InputError} NESTBENCH_UNKNOWN_BENCHMARK if `-t` matches no test.
 */
export async function findSelection(vitest: Vitest, canMeasure: (cell: Cell) => boolean): Promise<Selection> {
  const specifications = (await ofShard(vitest, await vitest.globTestSpecifications(filters(vitest)))).filter(
    ({ project }) => findCell(project.name) !== undefined,
  );
  const cells = [...new Set(specifications.map(({ project }) => project.name))].flatMap(
    (name) => findCell(name) ?? [],
  );
  if (cells.length === 0) return { cells, measured: [], requests: [] };

  const pattern = vitest.getGlobalTestNamePattern();
  const names = await testNames(vitest, specifications, pattern);
  if (names.values().every((its) => its.length === 0))
    throw new InputError('NESTBENCH_UNKNOWN_BENCHMARK', noMatch(pattern));
  const measured = cells.filter(canMeasure);
  // Projects run one at a time, each in its own group.
  const orderOf = ({ name }: Cell): number =>
    specifications.find(({ project }) => project.name === name)?.project.config.sequence.groupOrder ?? 0;
  const [first] = measured.toSorted((one, other) => orderOf(one) - orderOf(other));
  const files = specifications.filter(({ project }) => project.name === first?.name);
  return {
    cells,
    measured,
    requests: cells.map((cell) => ({ cell, benchmarks: benchmarksOf(cell, specifications, names) })),
    first: files.some(isMicro) ? undefined : first,
  };
}

/** A test of another name measures one of the user's own, which its text does not name. */
function benchmarksOf(
  cell: Cell,
  specifications: readonly TestSpecification[],
  names: ReadonlyMap<string, readonly string[]>,
): string[] {
  const its = specifications
    .filter(({ project }) => project.name === cell.name)
    .flatMap(({ moduleId }) => names.get(moduleId) ?? []);
  return [...new Set(its)].filter((name) => BENCHMARK_NAMES.includes(name));
}

function isMicro({ moduleId }: TestSpecification): boolean {
  return moduleId.includes('/suites/micro/');
}

/** The part that this shard runs, according to Vitest itself; all of it without `--shard`. */
async function ofShard(vitest: Vitest, all: TestSpecification[]): Promise<TestSpecification[]> {
  const { shard, sequence } = vitest.config;
  return shard === undefined ? all : new sequence.sequencer(vitest).shard(all);
}

/**
 * The positional arguments. Vitest keeps them in a field of its own, which its types hide: undefined where there are none.
 * @throws where this Vitest has no such field: an empty list would boot the whole matrix.
 */
export function filters(vitest: Pick<Vitest, 'version'>): string[] {
  const kept: unknown = Reflect.get(vitest, 'filenamePattern');
  if ('filenamePattern' in vitest && kept === undefined) return [];
  if (Array.isArray(kept)) return kept.map(String);
  throw new UnsuitableError({
    message: `Vitest ${vitest.version} does not show which files were requested (its field filenamePattern), so nestbench cannot tell which cells to boot. Install the version of package-lock.json with: npm ci`,
    machine: 'host',
  });
}

/** The names of the selected tests, by file: one serves every configuration of its level. */
async function testNames(
  vitest: Vitest,
  specifications: readonly TestSpecification[],
  pattern: RegExp | undefined,
): Promise<Map<string, string[]>> {
  const files = new Map(specifications.map((specification) => [specification.moduleId, specification]));
  const names = new Map<string, string[]>();
  for (const [file, specification] of files) {
    const module = await vitest.experimental_parseSpecification(specification);
    const all = [...module.children.allTests()].map(({ fullName }) => fullName);
    names.set(
      file,
      all.filter((name) => pattern?.test(name) ?? true),
    );
  }
  return names;
}

function noMatch(pattern: RegExp | undefined): string {
  return `No test of the selected cells matches -t ${String(pattern?.source)}. The benchmarks are ${BENCHMARK_NAMES.join(', ')}.`;
}

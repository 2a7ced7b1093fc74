/** Explains what a microbenchmark reported, by what the emulator recorded of the same run. */
import type { Level } from '../../fixtures/levels.ts';
import type { Explanation } from './explanation.ts';
import { findBlocks, type RecordedBlock, type Span } from './find-blocks.ts';
import { Fold } from './fold.ts';
import { followBlock } from './follow-block.ts';
import type { PathRecord, PathRecords } from './path-records.ts';
import { operationsOf, typicalOperation } from './sequence.ts';
import type { Symbols } from './symbols.ts';

export interface Recorded {
  readonly records: PathRecords;
  readonly symbols: Symbols;
  /** The level of the guest program. */
  readonly level: Level;
  /** The program's output. */
  readonly output: string;
  readonly repetitions: number;
  /** The sample's value. */
  readonly reported: number;
}

interface CostlyBlock {
  readonly block: RecordedBlock;
  /** Of one operation. */
  readonly cost: number;
}

/** How many blocks are followed: each has at least five operations. */
const FOLLOWED = 4;

/**
 * The average of the blocks that are nearest to the reported value: others have interrupts that do not belong to the
 * operation, as in the value itself (parseMicro in fixtures/benchmarks/micro.ts).
 * @throws {RangeError} if no block was recorded as a whole.
 */
export function explain(
  recorded: Recorded,
): Pick<Explanation, 'total' | 'operations' | 'paths' | 'crossings' | 'sequence'> {
  const { records, symbols, level, repetitions, reported } = recorded;
  const blocks = blocksNear(recorded);
  const steps = (span: Span) => followBlock(() => between(records, span), level, symbols);
  const operations = blocks.length * repetitions;
  const fold = new Fold();
  for (const { block } of blocks) {
    fold.add(steps(block.with), 1);
    fold.add(steps(block.without), -1);
  }
  const [nearest] = blocks;
  const paths = fold.paths(operations);
  return {
    total: paths.reduce((sum, { instructions }) => sum + instructions, 0),
    operations,
    paths,
    crossings: fold.crossings(operations),
    sequence:
      nearest === undefined
        ? []
        : [...typicalOperation(operationsOf(steps(nearest.block.with), level), reported)],
  };
}

function blocksNear({ records, output, repetitions, reported }: Recorded): CostlyBlock[] {
  const printed = [...output.matchAll(/^block=(\d+) (\d+)$/gm)].map(([, took, empty]) => ({
    with: Number(took),
    without: Number(empty),
  }));
  const found = findBlocks(records.marks(), printed).flatMap((block, index) => {
    const { with: took = NaN, without = NaN } = printed[index] ?? {};
    return block === undefined ? [] : [{ block, cost: (took - without) / repetitions }];
  });
  if (found.length === 0) throw new RangeError('no block was recorded as a whole');
  return found
    .toSorted((one, other) => Math.abs(one.cost - reported) - Math.abs(other.cost - reported))
    .slice(0, FOLLOWED);
}

function* between(records: PathRecords, { from, to }: Span): Generator<PathRecord> {
  for (let index = from + 1; index <= to; index++) yield records.at(index);
}

import { expect, test } from 'vitest';
import { noisyResults } from '../../reporters/verdict/noisy-experiment.ts';
import type { Results } from '../../reporters/model/experiment-results.ts';
import { AbVerdicts } from './ab-verdicts.ts';

const LOOK = { afterRound: 6, significance: 0.006, confidence: 0.97 };

/** hackbench, which may be slower at L2. */
function side(seed: number, slower: number, cells = ['l1-baseline', 'l2-baseline']): Results {
  return noisyResults({
    seed,
    runs: 6,
    iterations: 3,
    cells,
    benchmarks: ['hackbench'],
    slower: (cell) => (cell === 'l2-baseline' ? slower : 1),
  });
}

/** Too noisy for any verdict. */
function noisy(seed: number): Results {
  return noisyResults({
    seed,
    runs: 6,
    iterations: 3,
    cells: ['l1-baseline'],
    benchmarks: ['hackbench'],
    betweenRuns: 0.5,
  });
}

function kinds(verdicts: AbVerdicts): Record<string, string> {
  const { comparison } = verdicts;
  if (comparison?.state !== 'compared') throw new Error('not compared');
  return Object.fromEntries(comparison.rows.map(({ cell, verdict }) => [cell, verdict.kind]));
}

test('what is decided at a look is closed, and the rest stays open', () => {
  const verdicts = new AbVerdicts();
  expect(verdicts.look(side(1, 1), side(2, 1.3), LOOK)).toEqual([]);
  expect(kinds(verdicts)).toEqual({ 'l1-baseline': 'no change', 'l2-baseline': 'regression' });
  const open = new AbVerdicts().look(noisy(1), noisy(2), LOOK);
  expect(open.map(({ cell, verdict }) => [cell, verdict.kind])).toEqual([['l1-baseline', 'undecided']]);
});

test('a closed verdict never changes', () => {
  const verdicts = new AbVerdicts();
  verdicts.look(side(1, 1), side(2, 1.3), LOOK);
  verdicts.look(side(3, 1), side(4, 1), LOOK);
  expect(kinds(verdicts)).toEqual({ 'l1-baseline': 'no change', 'l2-baseline': 'regression' });
});

test('two experiments that cannot be compared leave nothing open', () => {
  const verdicts = new AbVerdicts();
  const other = noisyResults({
    seed: 1,
    runs: 6,
    iterations: 3,
    cells: ['l1-baseline'],
    benchmarks: ['hackbench'],
    start: { profile: 'paper' },
  });
  expect(verdicts.look(side(1, 1), other, LOOK)).toEqual([]);
  expect(verdicts.comparison?.state).toBe('incomparable');
});

import { describe, expect, test } from 'vitest';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import type { Results } from '../model/experiment-results.ts';
import { compareExperiments } from './compare-experiments.ts';
import type { Compared } from './comparison.ts';
import { comparisonJson } from './comparison-json.ts';
import { comparisonTable } from './comparison-table.ts';
import { noisyResults } from './noisy-experiment.ts';

const VERSIONS = {
  nestbench: '0.1.0',
  toolchain: 'trixie 0123456789abcdef',
  kernel: '6.12.57-nestbench',
  'kernel build': '0000000000000001',
  'kernel source': 'linux-source-6.12 6.12.57-1',
  'kernel compiler': 'gcc-14 14.2.0-19',
  sysbench: '1.0.20',
};

/** hackbench in l1-baseline, slower by that factor. */
function side(slower: number, start: Partial<ExperimentRecord>): Results {
  const small = { runs: 6, iterations: 3, cells: ['l1-baseline'], benchmarks: ['hackbench'] };
  return noisyResults({ ...small, seed: slower * 10, slower: () => slower, start });
}

function compared(base: Results, head: Results): Compared {
  const comparison = compareExperiments(base, head);
  if (comparison.state !== 'compared') throw new Error(comparison.differences.join(' '));
  return comparison;
}

/** The verdict and the warnings. */
function verdictOf(base: Partial<ExperimentRecord>, head: Partial<ExperimentRecord>, slower = 1.3) {
  const { rows, warnings } = compared(side(1, base), side(slower, head));
  return { verdict: rows[0]?.verdict.kind, warnings };
}

describe('a slowdown with a', () => {
  test('different build of the same toolchain is a regression', () => {
    const head = { versions: { ...VERSIONS, nestbench: '0.2.0', 'kernel build': '0000000000000002' } };
    expect(verdictOf({ versions: VERSIONS }, head)).toEqual({ verdict: 'regression', warnings: [] });
  });

  test('newer compiler is also a change of the toolchain', () => {
    const head = { versions: { ...VERSIONS, 'kernel compiler': 'gcc-14 14.2.0-20' } };
    expect(verdictOf({ versions: VERSIONS }, head)).toEqual({
      verdict: 'changed',
      warnings: [
        expect.stringContaining(
          'ANOTHER TOOLCHAIN: kernel compiler gcc-14 14.2.0-19 -> gcc-14 14.2.0-20. It may cause a difference',
        ),
      ],
    });
  });

  test('newer benchmark is also a change of the toolchain', () => {
    const head = { versions: { ...VERSIONS, sysbench: '1.1' } };
    expect(verdictOf({ versions: VERSIONS }, head).verdict).toBe('changed');
  });

  test('kernel of another suite is a regression: the variants are there to compare that', () => {
    const old = { 'kernel source': 'linux-source-6.1 6.1.158-1', 'kernel compiler': 'gcc-12 12.2.0-14' };
    const variant = { name: 'linux-6.1', kernel: { suite: 'bookworm' as const } };
    const head = { versions: { ...VERSIONS, ...old }, variant };
    expect(verdictOf({ versions: VERSIONS }, head)).toEqual({ verdict: 'regression', warnings: [] });
    const newer = { ...head, versions: { ...head.versions, sysbench: '1.1' } };
    expect(verdictOf({ versions: VERSIONS }, newer).verdict).toBe('changed');
  });

  test('prebuilt kernel of a variant is a regression: its source is unknown', () => {
    const { 'kernel source': _, 'kernel compiler': __, ...versions } = VERSIONS;
    const variant = { name: 'mine', kernel: { vmlinux: '/mine' } };
    expect(verdictOf({ versions: VERSIONS }, { versions, variant })).toEqual({
      verdict: 'regression',
      warnings: [],
    });
  });

  test('journal without a toolchain is a regression', () => {
    const old = { versions: { nestbench: '0.1.0', kernel: '6.1.192-nestbench', sysbench: '1.0' } };
    expect(verdictOf(old, { versions: VERSIONS })).toEqual({ verdict: 'regression', warnings: [] });
  });
});

test('equal times with another toolchain are no change', () => {
  const head = { versions: { ...VERSIONS, sysbench: '1.1' } };
  expect(verdictOf({ versions: VERSIONS }, head, 1.001).verdict).toBe('no change');
});

test('a comparison with another toolchain gives no verdict as an exit code, and says why', () => {
  const base = side(1, { versions: VERSIONS });
  const head = side(1.3, { versions: { ...VERSIONS, sysbench: '1.1' } });
  const comparison = compared(base, head);
  const json = comparisonJson(comparison, { base: 'one', head: 'other' });
  expect(json).toMatchObject({ exitCode: 2, rows: [{ verdict: { kind: 'changed' } }] });
  const table = comparisonTable(
    comparison,
    { base: { name: 'one', results: base }, head: { name: 'other', results: head } },
    { columns: 200, colours: false },
  );
  expect(table).toContain('0 regressions, 0 improvements, 1 changed with the toolchain, 0 undecided');
  expect(table).toContain('sysbench: 1.0.20 -> 1.1');
  expect(table).toContain('changed: declared in the same way, but the toolchain changed too');
});

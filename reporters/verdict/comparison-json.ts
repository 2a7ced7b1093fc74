/** A comparison as JSON, for programs. The schema is its documentation, and the output is checked against it. */
import { z } from 'zod';
import { type Comparison, VERDICT_KINDS } from './comparison.ts';
import { isBroken } from './comparison-notes.ts';

const measurement = z.object({
  boots: z.number().int().positive().describe('how often its stack was booted; verdicts count boots'),
  runs: z.number().int().positive(),
  samples: z.number().int().positive().describe('of all runs together'),
  mean: z.number().positive().describe("of the boots' means; harmonic for rates, arithmetic for times"),
});

const row = z.object({
  cell: z.string(),
  benchmark: z.string(),
  unit: z.string(),
  better: z.enum(['higher', 'lower']),
  base: measurement,
  head: measurement,
  change: z.number().describe('head / base - 1, regardless of which direction is better'),
  interval: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe("of the change, at the options' confidence; null if a side has only one boot"),
  probability: z
    .number()
    .nullable()
    .describe(
      "two-sided p, the larger of a permutation test's and Welch's; null if a side has only one boot",
    ),
  adjusted: z.number().nullable().describe('the same, adjusted by Holm for all tests'),
  minimumEffect: z.number(),
  verdict: z.object({
    kind: z.enum(VERDICT_KINDS),
    reason: z.string(),
    neededBoots: z
      .number()
      .int()
      .nullable()
      .describe('of an undecided row: boots per side that would decide it'),
  }),
});

const names = { version: z.literal(1), base: z.string(), head: z.string() };

export const comparisonSchema = z.discriminatedUnion('state', [
  z.object({
    ...names,
    state: z.literal('compared'),
    exitCode: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .describe(
        '1: a regression, or the head failed where the base was measured; 2: changed with the toolchain, so no verdict',
      ),
    rows: z.array(row).describe("by cell and benchmark in the matrix's order"),
    unmatched: z.array(
      z.object({
        cell: z.string(),
        benchmark: z.string(),
        measured: z.enum(['base', 'head']).describe('the side that measured it'),
        other: z.object({ state: z.enum(['failed', 'skipped', 'missing']), reason: z.string() }),
      }),
    ),
    changed: z.array(z.object({ what: z.string(), base: z.string(), head: z.string() })),
    warnings: z.array(z.string()),
    tests: z.object({
      count: z.number().int().nonnegative(),
      expectedFalseAlarms: z
        .number()
        .nonnegative()
        .describe('maximum number of regressions that chance alone declares, on average'),
    }),
    options: z.object({
      significance: z.number(),
      confidence: z.number(),
      minimumEffect: z
        .union([z.number(), z.record(z.string(), z.number())])
        .describe('of all benchmarks, or by benchmark; each row has its own'),
      resamples: z.number().int(),
      seed: z.number().int(),
    }),
  }),
  z.object({
    ...names,
    state: z.literal('incomparable'),
    exitCode: z.literal(2),
    differences: z.array(z.string()).min(1).describe('what forbids it, with both values'),
  }),
]);

export type ComparisonJson = z.infer<typeof comparisonSchema>;

/** The exit code of a comparison: 0 no regression, 1 a regression, 2 no verdict. */
export function exitCodeOf(comparison: Comparison): 0 | 1 | 2 {
  if (comparison.state === 'incomparable') return 2;
  const isWorse = comparison.rows.some(({ verdict }) => verdict.kind === 'regression');
  if (isWorse || comparison.unmatched.some(isBroken)) return 1;
  return comparison.rows.some(({ verdict }) => verdict.kind === 'changed') ? 2 : 0;
}

export function comparisonJson(
  comparison: Comparison,
  sides: { base: string; head: string },
): ComparisonJson {
  const common = { version: 1, ...sides, ...comparison, exitCode: exitCodeOf(comparison) };
  if (comparison.state === 'incomparable') return comparisonSchema.parse(common);
  const { minimumEffect, ...options } = comparison.options;
  return comparisonSchema.parse({
    ...common,
    options: {
      ...options,
      minimumEffect: typeof minimumEffect === 'number' ? minimumEffect : Object.fromEntries(minimumEffect),
    },
  });
}

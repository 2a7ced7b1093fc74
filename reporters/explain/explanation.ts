/** Where the instructions of one operation go: the result of `npm run explain`, as in its JSON file. */
import { z } from 'zod';
import { LEVELS } from '../../fixtures/levels.ts';

const level = z.literal(LEVELS);

/** Instructions of one function, by the functions that called it. */
const path = z.object({
  level,
  /** What the level works on: the exit of a level above it that it handles, such as `VMMCALL of L2`. */
  cause: z.string(),
  /** Outermost first. */
  functions: z.array(z.string()),
  /** Of one operation. */
  instructions: z.number(),
});

/** How often the levels changed, for one reason. */
const crossing = z.object({
  from: level,
  to: level,
  reason: z.string(),
  /** Per operation. */
  count: z.number(),
});

/** A level's turn within one operation. */
const turn = z.object({
  level,
  cause: z.string(),
  instructions: z.number(),
  /** Those that took most, the largest first. */
  functions: z.array(z.object({ name: z.string(), instructions: z.number() })),
  /** The level that runs next, and why. */
  next: z.object({ level, reason: z.string() }),
});

export const explanation = z.object({
  format: z.literal(1),
  cell: z.string(),
  operation: z.string(),
  level,
  /** What the microbenchmark reports of this run, in instructions. */
  reported: z.number(),
  /** The sum over all functions. */
  total: z.number(),
  /** How many operations were averaged. */
  operations: z.number(),
  paths: z.array(path),
  crossings: z.array(crossing),
  /** One operation, in order. */
  sequence: z.array(turn),
  /** Emulator, kernel and image, by name. */
  madeOf: z.record(z.string(), z.string()),
  madeAt: z.iso.datetime(),
});

export type Explanation = z.infer<typeof explanation>;
export type Path = z.infer<typeof path>;
export type CrossingCount = z.infer<typeof crossing>;
export type Turn = z.infer<typeof turn>;

/** The result of one fault, which is kept until the campaign is complete: a campaign of hours can be continued. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** How a run took a fault. */
export const OUTCOMES = ['went on', 'ended', 'unnoticed', 'missed', 'failed'] as const;

const faultResult = z.object({
  number: z.int().positive(),
  kind: z.string(),
  target: z.string(),
  cell: z.string(),
  outcome: z.enum(OUTCOMES),
  /** What is wrong, in sentences. */
  wrong: z.array(z.string()),
  seconds: z.number(),
  /** From the fault to the end of its run. */
  untilEndSeconds: z.number().optional(),
  /** What the runs printed, if something is wrong. */
  output: z.string().optional(),
});
export type FaultResult = z.infer<typeof faultResult>;
export type Outcome = FaultResult['outcome'];

export function keepResult(file: string, result: FaultResult): void {
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** By number; of a fault that was repeated, the last. */
export function keptResults(file: string): Map<number, FaultResult> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const result = faultResult.parse(JSON.parse(line));
      return [result.number, result];
    }),
  );
}

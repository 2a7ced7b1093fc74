/** The steps of a bisection as CSV: one cost in each row. */
import type { KernelStep } from '../../fixtures/kernel-steps.ts';
import { type Columns, csv } from './csv.ts';

interface Row {
  readonly step: KernelStep;
  readonly benchmark: string | null;
  readonly cost: number | null;
}

const COLUMNS: Columns<Row> = {
  position: ({ step }) => step.position,
  commit: ({ step }) => step.commit,
  subject: ({ step }) => step.subject,
  cell: ({ step }) => step.cell,
  benchmark: ({ benchmark }) => benchmark,
  cost: ({ cost }) => cost,
  unit: ({ step }) => (step.state === 'measured' ? step.unit : null),
  skipped: ({ step }) => (step.state === 'skipped' ? step.reason : null),
};

export function stepsCsv(steps: readonly KernelStep[]): string {
  const rows = steps.flatMap((step): Row[] =>
    step.state === 'skipped'
      ? [{ step, benchmark: null, cost: null }]
      : Object.entries(step.costs).map(([benchmark, cost]) => ({ step, benchmark, cost })),
  );
  return csv(rows, COLUMNS);
}

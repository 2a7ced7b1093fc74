/** The state of an A/B: the verdicts that are closed, and what still has to be measured. */
import type { Results } from '../../reporters/model/experiment-results.ts';
import { compareExperiments } from '../../reporters/verdict/compare-experiments.ts';
import { CONFIDENCE } from '../../reporters/verdict/compare-settings.ts';
import type { Compared, ComparedRow, Comparison, Look } from '../../reporters/verdict/comparison.ts';

/** The rows by cell and benchmark. A closed row never changes: a later look is not another chance. */
export class AbVerdicts {
  readonly #closed = new Map<string, ComparedRow>();
  readonly #looks: Look[] = [];
  #falseAlarms = 0;
  #last: Comparison | undefined;

  /**
   * Looks at both experiments.
   * @returns what is still open.
   */
  look(base: Results, head: Results, look: Look): readonly ComparedRow[] {
    const { significance, confidence } = look;
    this.#last = compareExperiments(base, head, { significance, confidence });
    if (this.#last.state === 'incomparable') return [];
    this.#looks.push(look);
    this.#falseAlarms += this.#last.tests.expectedFalseAlarms;
    const open = this.#last.rows.filter((row) => !this.#closed.has(keyOf(row)));
    for (const row of open) if (row.verdict.kind !== 'undecided') this.#closed.set(keyOf(row), row);
    return open.filter((row) => !this.#closed.has(keyOf(row)));
  }

  /** The last look, with each closed row as it was closed; undefined before the first. */
  get comparison(): Comparison | undefined {
    if (this.#last?.state !== 'compared') return this.#last;
    const rows = this.#last.rows.map((row) => this.#closed.get(keyOf(row)) ?? row);
    const { tests, options } = this.#last;
    const significance = this.#looks.reduce((sum, look) => sum + look.significance, 0);
    return {
      ...this.#last,
      rows,
      // Each look can give false alarms.
      tests: { ...tests, expectedFalseAlarms: this.#falseAlarms },
      options: { ...options, significance: Number(significance.toPrecision(2)), confidence: CONFIDENCE },
      looks: this.#looks,
    } satisfies Compared;
  }
}

function keyOf({ cell, benchmark }: ComparedRow): string {
  return `${cell}\n${benchmark}`;
}

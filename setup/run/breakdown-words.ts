/** Whether the command line asks for the breakdown of dvh, whose projects are others than those of the other suites. */
import { BREAKDOWN_SUITE, findCell } from '../../fixtures/matrix.ts';

/** Its folder, or one of its own cells, also by a pattern: `--project '*-step-ipi'`. */
const BREAKDOWN = /(?:^|suites\/)breakdown(?:\/|$)|(?:l\d-|\*-?)step/;

/** The folder of all suites, or another suite. */
const OTHER_SUITE = /(?:^|\/)suites\/?$|(?:^|\/)suites\/(?!breakdown(?:\/|$))./;

/** @param words of the command line. */
export function asksForBreakdown(words: readonly string[]): boolean {
  return words.some((word) => BREAKDOWN.test(word));
}

/**
 * Vitest would silently leave out what has no project.
 * @returns why the words can't be run together, in a sentence; undefined if they can.
 */
export function mixedSuitesFault(words: readonly string[]): string | undefined {
  if (!asksForBreakdown(words)) return undefined;
  const other = words.find((word) => OTHER_SUITE.test(word) || isOtherCell(word.replace(/^--project=/, '')));
  if (other === undefined) return undefined;
  return `suites/breakdown can't be run together with ${other}: its cells are others. Run one after the other; with the same EXPERIMENT=name both are in one experiment.`;
}

function isOtherCell(name: string): boolean {
  return findCell(name) !== undefined && !BREAKDOWN_SUITE.some((cell) => cell.name === name);
}

/** The results of the simulations, as text. Pure. */
import { chance } from '../binomial.ts';
import { blockText, tableBlocks, widest, wordColumn } from '../../../reporters/terminal/columns.ts';
import { wrap } from '../../../reporters/model/text.ts';
import { isWithin, isWithinLimit, type Measured, nameOf } from './simulation.ts';

/** A single table, however wide: it is quoted and compared, so it is not split. Then the limits and the verdict. */
export function validityTable(all: readonly Measured[], columns: number): string {
  const left = (heading: string, of: (one: Measured) => string) => wordsOf(all, heading, of, 'left');
  const right = (heading: string, of: (one: Measured) => string) => wordsOf(all, heading, of, 'right');
  const table = tableBlocks(
    [left('printed as', ({ simulation }) => simulation.printedAs)],
    [
      left('of', ({ simulation }) => simulation.when),
      right('nominal', ({ simulation }) => `${SIGNS[simulation.bound]} ${percent(simulation.nominal)}`),
      right('measured', ({ rate }) => percent(rate)),
      right('+-', ({ simulation, trials }) => percent(chance(simulation.nominal, trials))),
      left('within?', withinText),
    ],
    Infinity,
    (_, text) => text,
  );
  const limits = [...new Set(all.flatMap(({ simulation }) => simulation.limit?.text ?? []))];
  return [
    table.map(blockText).join('\n'),
    ...(limits.length === 0
      ? []
      : [['Limits', ...limits.map((limit) => wrap(limit, columns, '    ', '  '))].join('\n')]),
    wrap(verdict(all), columns, ''),
  ].join('\n\n');
}

/** Lines that are outside their stated rate, and outside their limit if they have one. */
export function failing(all: readonly Measured[]): Measured[] {
  return all.filter((one) => !isWithin(one) && !isWithinLimit(one));
}

function verdict(all: readonly Measured[]): string {
  const outside = failing(all);
  const limited = all.filter((one) => !isWithin(one)).length - outside.length;
  const counted = `${all.length - outside.length - limited} of ${all.length} lines are within their stated rate, ${limited} outside it by a stated limit`;
  const names = outside.map(({ simulation }) => nameOf(simulation));
  return outside.length === 0
    ? `HELD: ${counted}. "+-" is the random error of the stated rate: three standard errors of that many trials.`
    : `NOT HELD: ${counted}; outside: ${names.join('; ')}.`;
}

const SIGNS = { 'at least': '>=', 'at most': '<=' } as const;

function withinText(one: Measured): string {
  if (isWithin(one)) return 'yes';
  return isWithinLimit(one) ? 'limit' : 'NO';
}

/** Column headings are aligned right. Headings of words are padded to align with their words. */
function wordsOf(
  all: readonly Measured[],
  heading: string,
  of: (one: Measured) => string,
  side: 'left' | 'right',
) {
  const words = all.map(of);
  return wordColumn(side === 'left' ? heading.padEnd(widest(words)) : heading, words, side);
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}

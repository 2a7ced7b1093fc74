/** Text for a terminal and for CSV fields: single lines, without control characters, and wrapped lines. */
import { stripVTControlCharacters } from 'node:util';

/**
 * The first line of a message that has text, without colours and control characters. If it ends in a colon, includes
 * the next line.
 */
export function firstLine(message: string): string {
  const lines = stripVTControlCharacters(message)
    .split(/[\r\n]+/)
    .map((line) => line.replaceAll(/\p{Cc}+/gu, ' ').trim())
    .filter((line) => line !== '');
  const [first = '', second = ''] = lines;
  return first.endsWith(':') && second !== '' ? `${first} ${second}` : first;
}

/**
 * `text` in lines of at most `columns` characters, broken between words. The first line begins with `first`, the others
 * with `indent`. A word that is longer than a line stays whole.
 */
export function wrap(text: string, columns: number, indent: string, first = indent): string {
  const [start = '', ...words] = text.split(/\s+/);
  const lines = [first + start];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length > columns) lines.push(indent + word);
    else lines[lines.length - 1] = longer;
  }
  return lines.join('\n');
}

/** Lines after their labels, each wrapped at its own indent. A label equal to the one above is left empty. */
export function labelledLines(
  lines: readonly (readonly [word: string, line: string])[],
  columns: number,
): string {
  const width = Math.max(...lines.map(([word]) => word.length)) + 2;
  return lines.map(([word, line]) => wrap(line, columns, ' '.repeat(width), word.padEnd(width))).join('\n');
}

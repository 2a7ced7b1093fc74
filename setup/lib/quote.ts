/**
 * Quotes words for a POSIX shell. (zx's `quote` writes `$'...'`, which dash, Debian's `sh`, does not know, and leaves
 * `A=b` bare, which a shell takes for an assignment.)
 */

/**
 * An argv as one line that any POSIX shell splits into exactly these words.
 * @throws {RangeError} for a word with a NUL, which no argv can contain.
 */
export function quote(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (word.includes('\0'))
    throw new RangeError(`A word of a command can't contain a NUL: ${JSON.stringify(word)}.`);
  // In single quotes, only the quote itself is special (POSIX.1-2024, Shell Command Language, 2.2.2).
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

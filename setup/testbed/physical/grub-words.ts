/** Quoting in GRUB's scripts (GRUB's manual, "Quoting"; grub-core/script/yylex.l). */

/**
 * Quotes a word for GRUB's script.
 * @throws {RangeError} for a line break or a NUL, which no line of a script can contain.
 */
export function grubWord(word: string): string {
  if (/[\n\r\0]/.test(word))
    throw new RangeError(`GRUB can't be given a line break: ${JSON.stringify(word)}`);
  // In single quotes only the quote itself is special; outside of them a backslash quotes one.
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The words of a line, as GRUB's script reads them. Variables are kept as they are. */
export function grubWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (quote === "'") {
      if (character === "'") quote = '';
      else word = (word ?? '') + character;
    } else if (character === '\\' && (quote === '' || /["$\\]/.test(next))) {
      word = (word ?? '') + next;
      at += 1;
    } else if (character === '"' || (character === "'" && quote === '')) {
      quote = quote === '' ? character : '';
      word ??= '';
    } else if (quote === '' && /[\s;{}&|<>]/.test(character) && !isVariable(line, at)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (!/\s/.test(character)) words.push(character);
    } else if (quote === '' && character === '#' && word === undefined) break;
    else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}

/** Whether a brace belongs to `${name}`. */
function isVariable(line: string, at: number): boolean {
  if (line[at] === '{') return line[at - 1] === '$';
  return line[at] === '}' && /\$\{\w*$/.test(line.slice(0, at));
}

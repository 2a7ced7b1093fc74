/** GRUB's scripts: how a word is quoted in them (GRUB's manual, "Quoting"; grub-core/script/yylex.l). */

/**
 * A word that GRUB's script reads as just this.
 * @throws {RangeError} for a line break or a NUL, which no line of a script can hold.
 */
export function grubWord(word: string): string {
  if (/[\n\r\0]/.test(word))
    throw new RangeError(`GRUB can't be given a line break: ${JSON.stringify(word)}`);
  // Within single quotes nothing is special but the quote itself; outside of them a backslash keeps one.
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The words of a line, as GRUB's script reads them; what it puts in for variables is left as it stands. */
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

/** Whether a brace is one of `${name}`. */
function isVariable(line: string, at: number): boolean {
  if (line[at] === '{') return line[at - 1] === '$';
  return line[at] === '}' && /\$\{\w*$/.test(line.slice(0, at));
}

/** Finds the lines in a tool's output that say what went wrong: the compiler's, make's, dpkg's, mmdebstrap's. */

/** How many lines an error shows. The log has the rest. */
const SHOWN = 24;
/** gcc prints the source line and a caret, indented, below its message. */
const BELOW = 2;
/** make's `*** [` only says which target failed; its command printed the reason just before. */
const ABOVE = 3;
const COMMAND_FAILED = /\*\*\* \[/;

const ERRORS = [
  // gcc and the assembler: `fs/a.c:3:5: error: ...`, `a.S:3: Error: ...`
  /^\S+:\d+(?::\d+)?: (?:fatal )?error: /i,
  // cc1, ld, tar and the rest of the tools: `cc1: error: ...`, `ld: ... undefined reference to ...`
  /(?:^|\s)(?:error|fatal): /i,
  /undefined reference to/,
  /: (?:not found|No such file or directory|No space left on device|Permission denied|Cannot allocate memory)/,
  // make: `make[2]: *** [...] Error 1`, `Makefile:3: *** missing separator.  Stop.`
  /\*\*\* /,
  // apt, dpkg and mmdebstrap
  /^(?:E|Err|dpkg): ?/,
];

/** The lines that name an error, with their context; otherwise the end of the output. */
export function errorLines(lines: readonly string[]): string {
  const wanted = new Set<number>();
  lines.forEach((line, index) => {
    if (!ERRORS.some((pattern) => pattern.test(line))) return;
    if (COMMAND_FAILED.test(line)) for (let at = Math.max(0, index - ABOVE); at < index; at++) wanted.add(at);
    wanted.add(index);
    for (let at = index + 1; at <= index + BELOW && /^\s+\S/.test(lines[at] ?? ''); at++) wanted.add(at);
  });
  const found = [...wanted].toSorted((a, b) => a - b).map((index) => lines[index]);
  const shown = found.length > 0 ? found.slice(0, SHOWN) : lines.slice(-SHOWN);
  return shown.join('\n').trimEnd();
}

/** Whether Vite works in a checkout under its path. */

/**
 * Vite reads module names as URLs, in which the first two end a path and the third escapes; a backslash becomes a slash,
 * and no name has a line break. (Tried with Vite 8; every other character of ASCII works.)
 */
const READ_OTHERWISE = /[?#%\\\r\n]/;

/** A sentence; undefined where the path is fine. */
export function checkoutFault(directory: string): string | undefined {
  const [character] = READ_OTHERWISE.exec(directory) ?? [];
  if (character === undefined) return undefined;
  return `The checkout's path, ${JSON.stringify(directory)}, has ${JSON.stringify(character)} in it, with which Vite does not start. Move the checkout to a path without any of ? # % \\ and line breaks.`;
}

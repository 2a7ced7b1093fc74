/** Whether Vite works under the checkout's path. */

/**
 * Vite reads module names as URLs, in which the first two end a path and the third escapes; a backslash becomes a
 * slash, and no name has a line break. (Tested with Vite 8; every other ASCII character works.)
 */
const READ_OTHERWISE = /[?#%\\\r\n]/;

/** A sentence; undefined if the path is fine. */
export function checkoutFault(directory: string): string | undefined {
  const [character] = READ_OTHERWISE.exec(directory) ?? [];
  if (character === undefined) return undefined;
  return `The checkout's path, ${JSON.stringify(directory)}, contains ${JSON.stringify(character)}, and Vite does not start in such a path. Move the checkout to a path without any of ? # % \\ and line breaks.`;
}

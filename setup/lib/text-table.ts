/**
 * A text table whose columns are as wide as their widest cell. For wide tables in blocks see
 * reporters/terminal/columns.ts.
 */
import { stripVTControlCharacters } from 'node:util';

/**
 * One line per row, without trailing spaces. Cells may be coloured.
 * @param gap between two columns.
 * @param right the indices of columns that are aligned right; the others are aligned left.
 */
export function textTable(
  rows: readonly (readonly string[])[],
  { gap = '  ', right = () => false }: { gap?: string; right?: (column: number) => boolean } = {},
): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]))));
  return rows.map((row) =>
    row
      .map((text, column) => {
        const blanks = ' '.repeat((widths[column] ?? 0) - widthOf(text));
        return right(column) ? blanks + text : text + blanks;
      })
      .join(gap)
      .trimEnd(),
  );
}

/** The width of a cell on a terminal. */
function widthOf(text = ''): number {
  return stripVTControlCharacters(text).length;
}

/** A table of text whose columns are as wide as their widest cell. Wide tables in blocks: reporters/terminal/columns.ts. */
import { stripVTControlCharacters } from 'node:util';

/**
 * A line a row, without blanks at its end. Cells may be coloured.
 * @param gap between two columns.
 * @param right the columns that stand on the right, by their index; the others stand on the left.
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

/** How wide a cell is on a terminal. */
function widthOf(text = ''): number {
  return stripVTControlCharacters(text).length;
}

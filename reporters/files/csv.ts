/** CSV text as in RFC 4180, but with lines that end in a single newline. null is an empty field. */
import { Parser } from '@json2csv/plainjs';

/** The columns in order: each one's heading, and how to get its field from a row. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>;

/** One line per row, after a line of headings unless `header` is false. Ends in a newline unless the text is empty. */
export function csv<Row extends object>(
  rows: readonly Row[],
  columns: Columns<Row>,
  { header = true }: { readonly header?: boolean } = {},
): string {
  const parser = new Parser<Row, Row>({
    fields: Object.entries(columns).map(([label, value]) => ({ label, value })),
    header,
    // Dropping a row of nulls would move the rows below it up.
    includeEmptyRows: true,
    formatters: { header: quoteWhereNeeded, string: quoteWhereNeeded },
  });
  const text = parser.parse([...rows]);
  return rows.length === 0 && !header ? '' : `${text}\n`;
}

function quoteWhereNeeded(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

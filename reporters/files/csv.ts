/** CSV text as RFC 4180 has it, but with lines ended by a newline alone; null is an empty field. */
import { Parser } from '@json2csv/plainjs';

/** The columns in order: each one's heading, and its field in a row. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>;

/** A row a line, after a line of headings unless `header` is false. Ends in a newline where there is a line at all. */
export function csv<Row extends object>(
  rows: readonly Row[],
  columns: Columns<Row>,
  { header = true }: { readonly header?: boolean } = {},
): string {
  const parser = new Parser<Row, Row>({
    fields: Object.entries(columns).map(([label, value]) => ({ label, value })),
    header,
    // A row none of whose fields is known still is a row: dropping it would move those below it up.
    includeEmptyRows: true,
    formatters: { header: quoteWhereNeeded, string: quoteWhereNeeded },
  });
  const text = parser.parse([...rows]);
  return rows.length === 0 && !header ? '' : `${text}\n`;
}

function quoteWhereNeeded(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

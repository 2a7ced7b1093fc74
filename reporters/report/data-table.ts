/** Tables of numbers. Each number is formatted for reading, and in full in its `<data value>`, as in the CSV file. */
import { type Content, html, type Html } from './html.ts';

export interface TableColumn<Row> {
  readonly heading: Content;
  readonly cell: (row: Row) => Content;
  /** Numbers are aligned right. */
  readonly isNumber?: boolean;
}

/** The first column names its row. The table scrolls within its frame if it is too wide. */
export function dataTable<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  className = '',
): Html {
  const [name, ...others] = columns;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table class="${className}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ heading, isNumber }) => html`<th scope="col" ${numeric(isNumber)}>${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <th scope="row">${name?.cell(row)}</th>
              ${others.map(({ cell, isNumber }) => html`<td${numeric(isNumber)}>${cell(row)}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

function numeric(is: boolean | undefined): Html {
  return is === true ? html` class="n"` : html``;
}

/** A number formatted by `format`; empty without one. */
export function number(value: number | null | undefined, format: (value: number) => string): Html {
  return value === null || value === undefined
    ? html``
    : html`<data value="${value}">${format(value)}</data>`;
}

/**
 * A figure of the page: drawings for three widths, of which the page's style shows one, or panels that wrap; the
 * caption; the numbers as a table; and both as downloads. The downloads are data: links, so the page needs neither
 * scripts nor other files.
 */
import { type Content, html, Html } from './html.ts';
import { type Drawing, inPage, standalone, tile } from './svg.ts';

/** Inner widths in CSS pixels of the drawings: for a phone, a page of A4, and a laptop. */
export const WIDTHS = { narrow: 358, medium: 688, wide: 1120 } as const;
const BREADTHS = ['narrow', 'medium', 'wide'] as const satisfies (keyof typeof WIDTHS)[];
export type Breadth = (typeof BREADTHS)[number];

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly drawing: Drawing;
}

export interface Figure {
  /** Also the names of its files, without their extension. */
  readonly name: string;
  readonly title: string;
  /** A description for screen readers. */
  readonly description: string;
  readonly caption: Content;
  readonly shown: { readonly draw: (breadth: Breadth) => Drawing } | { readonly panels: readonly Panel[] };
  readonly table: Html;
  readonly csv: string;
}

/** `drawing.content` may have ids; `draw` must make them different for each breadth. */
export function figure({ name, title, description, caption, shown, table, csv }: Figure): Html {
  const words = { id: name, title, description };
  const { body, whole } = 'draw' in shown ? variants(shown.draw, words) : flowing(shown.panels, name);
  return html`<div class="figure">
    <h3 id="${name}">${title}</h3>
    <figure>
      ${body}
      <figcaption>${caption}</figcaption>
    </figure>
    <p class="downloads">
      Download ${link(`${name}.svg`, 'image/svg+xml', standalone(whole, words), `${title} as SVG`, 'SVG')}
      ${link(`${name}.csv`, 'text/csv', csv, `${title} as CSV`, 'CSV')}
    </p>
    <details class="data">
      <summary>Numbers of “${title}”</summary>
      ${table}
    </details>
  </div> `;
}

function variants(
  draw: (breadth: Breadth) => Drawing,
  words: { id: string; title: string; description: string },
) {
  const drawn = BREADTHS.map((breadth) => ({ breadth, drawing: draw(breadth) }));
  const body = drawn.map(
    ({ breadth, drawing }) =>
      html`<div class="${breadth}">
        ${new Html(inPage(drawing, { ...words, id: `${words.id}-${breadth}` }))}
      </div>`,
  );
  return { body, whole: drawn.find(({ breadth }) => breadth === 'wide')?.drawing ?? EMPTY };
}

const EMPTY: Drawing = { width: 0, height: 0, content: '' };

function flowing(panels: readonly Panel[], name: string) {
  const body = html`<div class="panels" style="--panel: ${panels[0]?.drawing.width ?? 0}px">
    ${panels.map(
      ({ title, description, drawing }, index) =>
        new Html(inPage(drawing, { id: `${name}-${index}`, title, description })),
    )}
  </div>`;
  const columns = Math.max(1, Math.floor(WIDTHS.wide / ((panels[0]?.drawing.width ?? WIDTHS.wide) + GAP)));
  return {
    body,
    whole: tile(
      panels.map(({ drawing }) => drawing),
      Math.min(columns, panels.length),
      GAP,
    ),
  };
}

const GAP = 12;

/** A download that is embedded in the page. */
export function link(file: string, type: string, text: string, label: string, shown: string): Html {
  const encoded = Buffer.from(text).toString('base64');
  return html`<a
    download="${file}"
    href="data:${type};charset=utf-8;base64,${encoded}"
    aria-label="${`Download ${label}`}"
    >${shown}</a
  >`;
}

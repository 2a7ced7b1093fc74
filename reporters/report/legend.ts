/** The key to a figure's fills and marks. It is part of the drawing, so that a downloaded file has it too. */
import { colour } from './palette.ts';
import { escape } from './html.ts';
import type { Drawing } from './svg.ts';

export interface LegendEntry {
  readonly label: string;
  /** A fill with the pattern on top; or markup of 14 by 14 pixels. */
  readonly swatch: { readonly fill: string; readonly pattern: string | null } | string;
}

const SWATCH = 14;
const GAP = 18;
const LINE = 22;

/** Uses as many lines as `width` requires. */
export function legend(entries: readonly LegendEntry[], width: number): Drawing {
  let [x, y] = [0, 0];
  const parts = entries.map(({ label, swatch }) => {
    const wide = SWATCH + 6 + textWidth(label, 12);
    if (x > 0 && x + wide > width) [x, y] = [0, y + LINE];
    const markup =
      `<g transform="translate(${Math.round(x)},${y})">${typeof swatch === 'string' ? swatch : boxes(swatch)}` +
      `<text x="${SWATCH + 6}" y="11.5" font-size="12" text-anchor="start">${escape(label)}</text></g>`;
    x += wide + GAP;
    return markup;
  });
  return { width, height: y + LINE, content: parts.join('') };
}

function boxes({ fill, pattern }: { readonly fill: string; readonly pattern: string | null }): string {
  return box(fill) + (pattern === null ? '' : box(pattern));
}

function box(paint: string): string {
  return `<rect width="${SWATCH}" height="${SWATCH}" fill="${paint}"/>`;
}

/** The mark of an interval, as on the bars. */
export const INTERVAL_SWATCH = `<path d="M7,0v14M4,0h6M4,14h6" stroke="${colour('ink')}" stroke-width="1.2" fill="none"/>`;

/** The approximate width of a text, in pixels: an upper bound in most cases for common sans-serif fonts. */
export function textWidth(text: string, size: number): number {
  return text.length * size * 0.56;
}

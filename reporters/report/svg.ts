/** Drawings: SVG that is made without a browser, put together, named for screen readers, and made to stand alone. */
import { createRequire } from 'node:module';
import type { PlotOptions } from '@observablehq/plot';
import { escape } from './html.ts';
import { resolveColours } from './palette.ts';

/** A drawing of its own size in CSS pixels, which is also its text's: it is shown unscaled. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** What stands within `<svg>`. */
  readonly content: string;
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif';

/**
 * Loaded at the first drawing: every run of Vitest loads our reporters, and few draw. Observable Plot needs a document to
 * make its elements in, and no browser: linkedom's takes a tenth of the time that jsdom's does to load.
 */
const require = createRequire(import.meta.url);
let loaded: Library | undefined;

interface Library {
  readonly plot: typeof import('@observablehq/plot');
  readonly document: PlotOptions['document'];
}

function library(): Library {
  if (loaded !== undefined) return loaded;
  const { parseHTML }: typeof import('linkedom') = require('linkedom');
  loaded = { plot: require('@observablehq/plot'), document: parseHTML('<html></html>').document };
  return loaded;
}

/** Observable Plot itself, for its marks. */
export function plotLibrary(): typeof import('@observablehq/plot') {
  return library().plot;
}

/** What Plot draws of `options`, which give width and height, without the style that it brings. */
export function draw(options: PlotOptions & { readonly width: number; readonly height: number }): Drawing {
  const { plot, document } = library();
  const element: { readonly innerHTML: string } = plot.plot({ ...options, document });
  const { width, height } = options;
  const content = element.innerHTML.replace(/<style>.*?<\/style>/s, '');
  return { width, height, content: tidy(content) };
}

/**
 * Numbers to a hundredth of a pixel; and no names of parts, which is what Plot calls its groups: the drawing as a whole
 * has a name and a table beside it.
 */
function tidy(content: string): string {
  return content
    .replaceAll(/ aria-(?:label|hidden|description)="[^"]*"/g, '')
    .replaceAll(
      /="([^"]*)"/g,
      (_, value: string) =>
        `="${value.replaceAll(/-?\d+\.\d{3,}/g, (digits) => String(Number(Number(digits).toFixed(2))))}"`,
    );
}

/** Drawings in one, each with its upper left corner at a place. */
export function compose(
  parts: readonly { readonly x: number; readonly y: number; readonly drawing: Drawing }[],
): Drawing {
  return {
    width: Math.max(0, ...parts.map(({ x, drawing }) => x + drawing.width)),
    height: Math.max(0, ...parts.map(({ y, drawing }) => y + drawing.height)),
    content: parts
      .map(({ x, y, drawing: { content } }) => `<g transform="translate(${x},${y})">${content}</g>`)
      .join(''),
  };
}

/** One below the other. */
export function stack(drawings: readonly Drawing[], gap = 0): Drawing {
  let y = 0;
  const parts = drawings.map((drawing) => {
    const part = { x: 0, y, drawing };
    y += drawing.height + gap;
    return part;
  });
  return compose(parts);
}

/** Beside each other, in rows of `columns`. */
export function tile(drawings: readonly Drawing[], columns: number, gap: number): Drawing {
  const width = Math.max(0, ...drawings.map((drawing) => drawing.width));
  const height = Math.max(0, ...drawings.map((drawing) => drawing.height));
  return compose(
    drawings.map((drawing, index) => ({
      x: (index % columns) * (width + gap),
      y: Math.floor(index / columns) * (height + gap),
      drawing,
    })),
  );
}

const ATTRIBUTES = `fill="currentColor" font-family="${escape(FONT)}" font-size="11" text-anchor="middle"`;

export interface Words {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/** For the page: an image to a screen reader, that reads its title and description. */
export function inPage({ width, height, content }: Drawing, { id, title, description }: Words): string {
  return (
    `<svg role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" ${ATTRIBUTES}><title id="${id}-t">${escape(title)}</title>` +
    `<desc id="${id}-d">${escape(description)}</desc>${content}</svg>`
  );
}

/** A file of its own: on white, with a margin, its title above it, and no variable left. */
export function standalone({ width, height, content }: Drawing, { title, description }: Words): string {
  const margin = 16;
  const top = 44;
  const [w, h] = [width + 2 * margin, height + top + margin];
  return resolveColours(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" ` +
      `viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" ${ATTRIBUTES}><title>${escape(title)}</title>` +
      `<desc>${escape(description)}</desc><rect width="${w}" height="${h}" fill="var(--nb-paper)"/>` +
      `<text x="${margin}" y="27" font-size="14" font-weight="600" text-anchor="start">${escape(title)}</text>` +
      `<g transform="translate(${margin},${top})">${content}</g></svg>`,
  );
}

/** SVG drawings, made without a browser: composed, labelled for screen readers, and exported as standalone files. */
import { createRequire } from 'node:module';
import type { PlotOptions } from '@observablehq/plot';
import { escape } from './html.ts';
import { resolveColours } from './palette.ts';

/** A drawing with its size in CSS pixels. It is shown unscaled, so its text has that size too. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** The content of `<svg>`. */
  readonly content: string;
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif';

/**
 * Loaded with the first drawing: every run of Vitest loads the reporters, and few draw. Observable Plot needs a
 * document to create its elements, but no browser. linkedom loads in a tenth of the time of jsdom.
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

/** Draws with Plot, without the style that it adds. The options must have a width and a height. */
export function draw(options: PlotOptions & { readonly width: number; readonly height: number }): Drawing {
  const { plot, document } = library();
  const element: { readonly innerHTML: string } = plot.plot({ ...options, document });
  const { width, height } = options;
  const content = element.innerHTML.replace(/<style>.*?<\/style>/s, '');
  return { width, height, content: tidy(content) };
}

/**
 * Rounds numbers to a hundredth of a pixel, and removes the labels of Plot's groups: the drawing as a whole has a label
 * and a table.
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

/** Combines drawings, each with the position of its upper left corner. */
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

/** Stacks drawings vertically. */
export function stack(drawings: readonly Drawing[], gap = 0): Drawing {
  let y = 0;
  const parts = drawings.map((drawing) => {
    const part = { x: 0, y, drawing };
    y += drawing.height + gap;
    return part;
  });
  return compose(parts);
}

/** Places drawings side by side, in rows of `columns`. */
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

/** For the page: an image with a title and a description for screen readers. */
export function inPage({ width, height, content }: Drawing, { id, title, description }: Words): string {
  return (
    `<svg role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" ${ATTRIBUTES}><title id="${id}-t">${escape(title)}</title>` +
    `<desc id="${id}-d">${escape(description)}</desc>${content}</svg>`
  );
}

/** A standalone file: on white, with a margin and its title, and without variables. */
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

/**
 * A flame graph: a row for levels, one for the exits that they handle, and one for each depth of calls. The width of a
 * box is its number of instructions, and the boxes below it are what it called.
 */
import { levelName, type Level } from '../../fixtures/levels.ts';
import { escape } from '../report/html.ts';
import { legend, textWidth } from '../report/legend.ts';
import { type Colour, colour } from '../report/palette.ts';
import { type Drawing, stack } from '../report/svg.ts';
import { formatCount } from './counts.ts';
import type { Explanation } from './explanation.ts';

export interface Box {
  readonly label: string;
  readonly level: Level;
  readonly instructions: number;
  /** The largest first. */
  readonly inside: readonly Box[];
}

const ROW = 18;
const TEXT = 11;
/** Exits are named in capitals, which are wider than what `textWidth` expects. */
const CHARACTER = 1.15 * textWidth('x', TEXT);
/** Rows whose labels have numbers: the levels, and what they work on. */
const COUNTED = 2;
/** Narrower boxes would not be seen. */
const MIN_WIDTH = 0.4;

const COLOURS: Readonly<Record<Level, Colour>> = { 0: 'blue', 1: 'green', 2: 'orange', 3: 'purple' };

interface Growing {
  readonly label: string;
  readonly level: Level;
  instructions: number;
  readonly inside: Map<string, Growing>;
}

/** A box per level, L0 first; in it what the level works on, and in that its functions. */
export function boxesOf({ paths }: Pick<Explanation, 'paths'>): Box[] {
  const levels = new Map<string, Growing>();
  for (const { level, cause, functions, instructions } of paths) {
    // Averages of blocks less those without the operation: what is not of the operation may be below 0.
    if (instructions <= 0) continue;
    let inside = levels;
    for (const label of [levelName(level), ...(cause === '' ? [] : [cause]), ...functions]) {
      const box: Growing = inside.get(label) ?? { label, level, instructions: 0, inside: new Map() };
      box.instructions += instructions;
      inside.set(label, box);
      ({ inside } = box);
    }
  }
  return grown(levels).toSorted((one, other) => one.level - other.level);
}

function grown(boxes: ReadonlyMap<string, Growing>): Box[] {
  return [...boxes.values()]
    .map(({ label, level, instructions, inside }) => ({ label, level, instructions, inside: grown(inside) }))
    .toSorted((one, other) => other.instructions - one.instructions);
}

/**
 * @param whole the instructions of the whole width: by default the sum. Two graphs are compared at one scale.
 */
export function flameGraph(boxes: readonly Box[], width: number, whole = sumOf(boxes)): Drawing {
  const used = [...new Set(boxes.map(({ level }) => level))];
  const key = legend(
    used.map((level) => ({
      label: levelName(level),
      swatch: `<rect width="14" height="14" fill="${colour(COLOURS[level])}" fill-opacity="0.5"/>`,
    })),
    width,
  );
  const height = ROW * depthOf(boxes);
  const content = row(boxes, { x: 0, depth: 0, scale: width / whole });
  return stack([key, { width, height, content }], 4);
}

function row(
  boxes: readonly Box[],
  { x: start, depth, scale }: { x: number; depth: number; scale: number },
): string {
  let x = start;
  return boxes
    .map((box) => {
      const here = x;
      x += box.instructions * scale;
      return drawn(box, here, depth, scale);
    })
    .join('');
}

function drawn(box: Box, x: number, depth: number, scale: number): string {
  const width = box.instructions * scale;
  if (width < MIN_WIDTH) return '';
  const { label, level, inside, instructions } = box;
  const y = depth * ROW;
  const count = formatCount(instructions);
  const title = escape(`${label}: ${count} instructions`);
  const shade = depth === 0 ? 0.6 : 0.25 + (depth % 2) * 0.1;
  const rect =
    `<rect x="${rounded(x)}" y="${y}" width="${rounded(width)}" height="${ROW - 1}" fill="${colour(COLOURS[level])}" ` +
    `fill-opacity="${shade}" stroke="${colour('paper')}" stroke-width="0.5"/>`;
  return (
    `<g><title>${title}</title>${rect}${text(depth < COUNTED ? `${label}: ${count}` : label, x, y, width)}</g>` +
    row(inside, { x, depth: depth + 1, scale })
  );
}

/** The label, as much of it as fits. */
function text(label: string, x: number, y: number, width: number): string {
  const characters = Math.floor((width - 6) / CHARACTER);
  if (characters < 3) return '';
  const shown = label.length <= characters ? label : `${label.slice(0, characters - 1)}…`;
  return `<text x="${rounded(x + 3)}" y="${y + 13}" font-size="${TEXT}" text-anchor="start">${escape(shown)}</text>`;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

function sumOf(boxes: readonly Box[]): number {
  return boxes.reduce((sum, { instructions }) => sum + instructions, 0);
}

function depthOf(boxes: readonly Box[]): number {
  return Math.max(0, ...boxes.map(({ inside }) => 1 + depthOf(inside)));
}

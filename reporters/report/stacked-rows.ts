/** Times on one axis: a row per cell, with its segments one after another. */
import { legend, textWidth } from './legend.ts';
import { colour } from './palette.ts';
import { type Drawing, draw, plotLibrary, stack } from './svg.ts';

export interface Segment {
  readonly key: string;
  readonly seconds: number;
}

export interface Row {
  readonly name: string;
  readonly segments: readonly Segment[];
  /** Words above the row, at a time in seconds from its start. By default, the segments' labels where they fit. */
  readonly marks?: readonly Mark[];
}

interface Mark {
  readonly at: number;
  readonly text: string;
}

/** Label and fill of each key, in the order of the legend. */
export type Keys = Readonly<Record<string, { readonly label: string; readonly fill: string }>>;

const LEFT = 108;
const RIGHT = 52;
const ROW = 38;
const MARK_SIZE = 10.5;

export function stackedRows(rows: readonly Row[], keys: Keys, width: number): Drawing {
  const plot = plotLibrary();
  const there = new Set(rows.flatMap(({ segments }) => segments.map(({ key }) => key)));
  const entries = Object.entries(keys).filter(([key]) => there.has(key));
  const max = Math.max(1, ...rows.map(({ segments }) => end(segments)));
  const all = rows.flatMap(({ name, segments }) => {
    let at = 0;
    return segments.map((segment) => {
      const since = at;
      at += segment.seconds;
      return { ...segment, name, since, until: at };
    });
  });
  const pixels = (width - LEFT - RIGHT) / max;
  const chart = draw({
    width,
    height: 28 + ROW * rows.length,
    marginLeft: LEFT,
    marginRight: RIGHT,
    marginTop: 4,
    marginBottom: 24,
    x: { type: 'linear', domain: [0, max], axis: null },
    y: { type: 'band', domain: rows.map(({ name }) => name), axis: null, padding: 0 },
    marks: [
      plot.gridX({ ticks: width < 500 ? 4 : 8, stroke: colour('grid'), strokeOpacity: 1 }),
      plot.axisX({
        ticks: width < 500 ? 4 : 8,
        tickSize: 0,
        tickFormat: (value: number) => `${value} s`,
        fill: colour('muted'),
        label: null,
      }),
      plot.text(rows, {
        x: 0,
        y: 'name',
        text: 'name',
        textAnchor: 'end',
        dx: -8,
        dy: 6,
        fontSize: 12,
        fill: colour('ink'),
      }),
      plot.barX(all, {
        x1: 'since',
        x2: 'until',
        y: 'name',
        fill: ({ key }: Segment) => keys[key]?.fill ?? colour('other'),
        // The gap also separates neighbours.
        stroke: colour('paper'),
        strokeWidth: 0.8,
        insetTop: 15,
        insetBottom: 3,
        title: ({ name, key, seconds }: Segment & { name: string }) =>
          `${name}: ${keys[key]?.label ?? key} ${inTenths(seconds)} s`,
      }),
      plot.text(rows, {
        x: ({ segments }: Row) => end(segments),
        y: 'name',
        text: ({ segments }: Row) => `${inTenths(end(segments))} s`,
        textAnchor: 'start',
        dx: 5,
        dy: 6,
        fill: colour('ink'),
      }),
      plot.text(
        rows.flatMap((row) =>
          readable(row, keys, pixels).map(({ at, text }) => ({ at, text, name: row.name })),
        ),
        {
          x: 'at',
          y: 'name',
          text: 'text',
          textAnchor: 'start',
          dy: -12,
          fontSize: MARK_SIZE,
          fill: colour('muted'),
        },
      ),
    ],
  });
  const key = legend(
    entries.map(([, { label, fill }]) => ({ label, swatch: { fill, pattern: null } })),
    width,
  );
  return stack([key, chart], 4);
}

/** The marks that don't overlap the next one; for the segments' labels, those that fit their segment. */
function readable({ marks, segments }: Row, keys: Keys, pixels: number): readonly Mark[] {
  const fits = ({ text }: Mark, seconds: number): boolean =>
    textWidth(text, MARK_SIZE) + 3 <= seconds * pixels;
  if (marks !== undefined) {
    return marks.filter((mark, index) => fits(mark, (marks[index + 1]?.at ?? Infinity) - mark.at));
  }
  let at = 0;
  return segments.flatMap(({ key, seconds }) => {
    const mark = { at, text: keys[key]?.label ?? key };
    at += seconds;
    return fits(mark, seconds) ? mark : [];
  });
}

function end(segments: readonly Segment[]): number {
  return segments.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Tenths of a second; whole seconds from a minute on. */
export function inTenths(seconds: number): string {
  return seconds < 100 ? seconds.toFixed(1) : seconds.toFixed(0);
}

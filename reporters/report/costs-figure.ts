/** Costs along the history of a kernel: a dot for each commit that was measured, by benchmark. */
import { colour, type Colour } from './palette.ts';
import { legend } from './legend.ts';
import { type Drawing, draw, plotLibrary, stack } from './svg.ts';

export interface CostPoint {
  readonly line: string;
  /** Its place in the history. */
  readonly position: number;
  /** In percent of the first cost. */
  readonly change: number;
  readonly title: string;
}

export interface CostsFigure {
  readonly points: readonly CostPoint[];
  /** What was skipped, by its position. */
  readonly skipped: readonly number[];
  /** Of the positions 0, 1, ...; otherwise they are numbered. */
  readonly names?: readonly string[];
}

/** The room for the name of a position. */
const NAME_WIDTH = 60;

const LINES: readonly Colour[] = ['blue', 'orange', 'green', 'purple', 'grey', 'cold-4', 'other', 'failed'];
/** Lines differ in their dots too: nothing depends on colour alone. */
const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross', 'wye', 'asterisk'] as const;
const HEIGHT = 300;

export function costsDrawing({ points, skipped, names }: CostsFigure, width: number): Drawing {
  const plot = plotLibrary();
  const lines = [...new Set(points.map(({ line }) => line))];
  const lookOf = (line: string) => {
    const index = lines.indexOf(line) % LINES.length;
    return { stroke: colour(LINES[index] ?? 'other'), symbol: SYMBOLS[index] ?? 'circle' } as const;
  };
  const positions = [...points.map(({ position }) => position), ...skipped];
  // Between two commits that were measured, others keep the cost of the older one.
  const curve = names === undefined ? 'step-after' : 'linear';
  const low = Math.min(0, ...points.map(({ change }) => change));
  const x = {
    domain: [Math.min(...positions), Math.max(...positions, Math.min(...positions) + 1)],
    label: null,
    ...(names === undefined
      ? { ticks: Math.max(2, Math.floor(width / 120)) }
      : {
          ticks: someOf(names, width / NAME_WIDTH),
          tickFormat: (position: number) => names[position] ?? '',
        }),
  };
  const chart = draw({
    width,
    height: HEIGHT,
    marginLeft: 56,
    marginRight: 24,
    marginTop: 12,
    marginBottom: 32,
    x,
    y: {
      label: null,
      nice: true,
      zero: true,
      tickFormat: (change: number) => `${change > 0 ? '+' : ''}${change} %`,
    },
    symbol: { type: 'identity' },
    marks: [
      plot.gridY({ stroke: colour('grid'), strokeOpacity: 1 }),
      plot.ruleY([0], { stroke: colour('line') }),
      ...lines.flatMap((line) => {
        const its = points.filter((point) => point.line === line).toSorted((a, b) => a.position - b.position);
        const { stroke, symbol } = lookOf(line);
        return [
          plot.line(its, { x: 'position', y: 'change', curve, stroke, strokeOpacity: 0.5 }),
          plot.dot(its, { x: 'position', y: 'change', symbol, fill: stroke, r: 4, title: 'title' }),
        ];
      }),
      plot.dot(
        skipped.map((position) => ({ position })),
        {
          x: 'position',
          y: () => low,
          symbol: 'times',
          stroke: colour('failed'),
          r: 4,
          title: () => 'skipped',
        },
      ),
    ],
  });
  const entries = lines.map((line) => {
    const { stroke } = lookOf(line);
    return { label: line, swatch: { fill: stroke, pattern: null } };
  });
  const cross = `<path d="M3,3l8,8M11,3l-8,8" stroke="${colour('failed')}" stroke-width="1.5" fill="none"/>`;
  return stack(
    [
      legend([...entries, ...(skipped.length > 0 ? [{ label: 'skipped', swatch: cross }] : [])], width),
      chart,
    ],
    6,
  );
}

/** At most so many of their positions, evenly spaced. */
function someOf(names: readonly string[], most: number): number[] {
  const step = Math.max(1, Math.ceil(names.length / most));
  return [...names.keys()].filter((position) => position % step === 0);
}

/**
 * Overheads as in the paper's figures: bars by configuration, grouped by benchmark, in rows of as many groups as fit.
 *
 * The axis is logarithmic, and the bars start at 1.0, the bare machine. An overhead is a factor whose natural zero is
 * 1.0, so the height of a bar is the logarithm of its factor: equal heights mean equal factors, and 130 and 1.3 are
 * both readable without cutting the axis. On a linear axis, as in the paper, all but the worst few would look alike on an
 * emulated testbed.
 */
import { levelName } from '../../fixtures/matrix.ts';
import type { Bar } from '../analysis/overhead-figures.ts';
import { shortOverhead, twoDigits } from './digits.ts';
import { INTERVAL_SWATCH, legend } from './legend.ts';
import { colour, fillOf, patternDefinitions, patternOf } from './palette.ts';
import { type Drawing, draw, plotLibrary, stack } from './svg.ts';
import { logTicks } from './ticks.ts';

const MARGIN = { left: 36, right: 4, top: 14, bottom: 40 } as const;
/** Gaps between the levels of a group, and between groups, in widths of a bar. */
const LEVEL_GAP = 0.5;
const GROUP_GAP = 1.1;
const NUMBER_SIZE = 11;
/** A figure of one or two bars leaves room beside them. */
const WIDEST_BAR_PIXELS = 60;

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** The axis shared by all rows of a figure: the overheads, and their intervals unless they are very wide. */
export function scaleOf(bars: readonly Bar[]): Scale {
  const overheads = bars.flatMap(({ overhead }) => overhead ?? []);
  const [min, max] = [Math.min(1, ...overheads), Math.max(1, ...overheads)];
  const low = Math.min(...bars.flatMap(({ interval }) => interval?.low ?? []), min);
  const high = Math.max(...bars.flatMap(({ interval }) => interval?.high ?? []), max);
  // Leaves room for the number above the highest bar. An interval beyond the axis is cut and marked.
  const span = Math.max(2, max / min);
  const top = Math.min(high, max * WIDEST_INTERVAL) * span ** 0.09;
  return {
    low: Math.max(low, min / WIDEST_INTERVAL) * (low < 1 ? span ** -0.04 : 1),
    high: Math.max(top, 1.5),
  };
}

const WIDEST_INTERVAL = 4;

/**
 * Rows of `width` by `height` pixels with at most `groups` benchmarks each. `scope` makes ids unique. `labels` are for
 * configurations that are not called by their name.
 */
export function groupedBars(
  bars: readonly Bar[],
  {
    width,
    height,
    groups,
    scope,
    labels,
  }: {
    readonly width: number;
    readonly height: number;
    readonly groups: number;
    readonly scope: string;
    readonly labels?: ReadonlyMap<string, string> | undefined;
  },
): Drawing {
  const scale = scaleOf(bars);
  const benchmarks = [...Map.groupBy(bars, ({ benchmark }) => benchmark)];
  const rows = Math.ceil(benchmarks.length / groups);
  // As even as possible: seven in two rows are four and three.
  const each = Math.ceil(benchmarks.length / rows);
  const configurations = [...new Set(bars.map(({ configuration }) => configuration))];
  const key = legend(
    [
      ...configurations.map((configuration) => ({
        label: labels?.get(configuration) ?? configuration,
        swatch: { fill: fillOf(configuration), pattern: patternOf(configuration, scope) },
      })),
      ...(bars.some(({ interval }) => interval !== null)
        ? [{ label: '95 % interval of the ratio of means', swatch: INTERVAL_SWATCH }]
        : []),
    ],
    width,
  );
  const charts = Array.from({ length: rows }, (_, row) =>
    barRow(benchmarks.slice(row * each, (row + 1) * each), { width, height, each, scale, scope }),
  );
  const drawn = stack([key, ...charts], 6);
  return { ...drawn, content: patternDefinitions(configurations, scope) + drawn.content };
}

interface Placed extends Bar {
  readonly at: number;
}

interface RowOptions {
  readonly width: number;
  readonly height: number;
  /** The number of groups in a full row. Other rows use the same width per group. */
  readonly each: number;
  readonly scale: Scale;
  readonly scope: string;
}

function barRow(
  benchmarks: readonly (readonly [string, readonly Bar[]])[],
  { width, height, each, scale, scope }: RowOptions,
): Drawing {
  const plot = plotLibrary();
  const groups = benchmarks.map(([name, bars], index) => ({ name, ...placed(bars), index }));
  const groupWidth = Math.max(...groups.map((group) => group.width)) + GROUP_GAP;
  const start = (index: number): number => index * groupWidth;
  const all: Placed[] = groups.flatMap(({ bars, index }) =>
    bars.map((bar) => ({ ...bar, at: bar.at + start(index) })),
  );
  const measured = all.filter((bar): bar is Placed & { overhead: number } => bar.overhead !== null);
  const intervals = all.flatMap(({ at, interval }) => (interval === null ? [] : { at, ...interval }));
  const clamp = (value: number): number => Math.min(Math.max(value, scale.low), scale.high);
  const inside = width - MARGIN.left - MARGIN.right;
  const units = Math.max(each * groupWidth, inside / WIDEST_BAR_PIXELS);
  const pixels = inside / units;
  const levels = groups.flatMap(({ levels: its, index }) =>
    its.map(({ level, at }) => ({ text: levelName(level), at: at + start(index) })),
  );
  const ticks = logTicks(scale.low, scale.high);
  const half = BAR_WIDTH / 2;
  const sides = { x1: ({ at }: Placed) => at - half, x2: ({ at }: Placed) => at + half };
  const standing = { ...sides, y1: 1, y2: 'overhead' };
  const cut = (end: 'low' | 'high', is: (value: number) => boolean) =>
    intervals.filter((interval) => is(interval[end]));
  return draw({
    width,
    height,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    style: { fontSize: '11px' },
    x: { type: 'linear', domain: [-GROUP_GAP / 2, units - GROUP_GAP / 2], axis: null },
    y: { type: 'log', domain: [scale.low, scale.high], axis: null },
    marks: [
      plot.gridY(ticks, { stroke: colour('grid'), strokeOpacity: 1 }),
      plot.text(ticks, {
        y: (tick: number) => tick,
        text: String,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -6,
        fill: colour('muted'),
      }),
      plot.text(['native'], {
        y: () => 1,
        text: (word: string) => word,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -4,
        dy: 12,
        fontSize: 10,
        fill: colour('muted'),
      }),
      plot.ruleX(groups.slice(1), {
        x: ({ index }: { index: number }) => start(index) - GROUP_GAP / 2,
        stroke: colour('line'),
        strokeDasharray: '2,3',
      }),
      plot.rect(measured, {
        ...standing,
        fill: ({ configuration }: Bar) => fillOf(configuration),
        title: tooltip,
      }),
      plot.rect(
        measured.filter(({ configuration }) => patternOf(configuration, scope) !== null),
        { ...standing, fill: ({ configuration }: Bar) => patternOf(configuration, scope), title: tooltip },
      ),
      plot.ruleY([1], { stroke: colour('ink'), strokeWidth: 1.2 }),
      // A halo keeps the whisker visible on its own bar.
      plot.link(intervals, { ...whisker(clamp), stroke: colour('paper'), strokeWidth: 3.4 }),
      plot.link(intervals, { ...whisker(clamp), stroke: colour('ink'), strokeWidth: 1.2 }),
      ...(['low', 'high'] as const).map((end) =>
        plot.link(
          intervals.filter((interval) => clamp(interval[end]) === interval[end]),
          {
            x1: ({ at }: { at: number }) => at - 0.16,
            x2: ({ at }: { at: number }) => at + 0.16,
            y1: end,
            y2: end,
            stroke: colour('ink'),
            strokeWidth: 1.2,
          },
        ),
      ),
      plot.dot(
        cut('high', (value) => value > scale.high),
        cutMark(scale.high, 0),
      ),
      plot.dot(
        cut('low', (value) => value < scale.low),
        cutMark(scale.low, 180),
      ),
      plot.text(measured, {
        x: 'at',
        y: ({ overhead, interval }: Placed & { overhead: number }) =>
          clamp(Math.max(overhead, interval?.high ?? 0, 1)),
        text: ({ overhead }: Placed & { overhead: number }) => twoDigits(overhead),
        dy: -8,
        fontSize: pixels < 20 ? 10 : NUMBER_SIZE,
        fill: colour('ink'),
        stroke: colour('paper'),
        strokeWidth: 3,
        title: tooltip,
      }),
      plot.text(
        all.filter(({ overhead }) => overhead === null),
        {
          x: 'at',
          y: 1,
          text: absence,
          rotate: -90,
          textAnchor: 'start',
          dy: -5,
          fontSize: 11,
          fill: colour('muted'),
          title: tooltip,
        },
      ),
      plot.text(levels, {
        x: 'at',
        text: 'text',
        frameAnchor: 'bottom',
        dy: 16,
        fill: colour('muted'),
        fontSize: 11,
      }),
      plot.text(groups, {
        x: ({ index }: { index: number }) => start(index) + (groupWidth - GROUP_GAP) / 2,
        text: 'name',
        frameAnchor: 'bottom',
        dy: 34,
        fontSize: 12,
        fontWeight: 600,
      }),
    ],
  });
}

const BAR_WIDTH = 0.86;

function whisker(clamp: (value: number) => number) {
  return {
    x: 'at',
    y1: ({ low }: { low: number }) => clamp(low),
    y2: ({ high }: { high: number }) => clamp(high),
  };
}

/** An arrow-head where an interval leaves the figure. */
function cutMark(y: number, rotate: number) {
  return { x: 'at', y: () => y, symbol: 'triangle', rotate, r: 3.2, fill: colour('ink') } as const;
}

/** The bars of one benchmark, starting at 0, in widths of a bar, with a gap between levels. */
function placed(bars: readonly Bar[]): {
  bars: Placed[];
  width: number;
  levels: { level: Bar['level']; at: number }[];
} {
  let at = 0;
  const all: Placed[] = [];
  const levels = [...Map.groupBy(bars, ({ level }) => level)].map(([level, its], index) => {
    if (index > 0) at += LEVEL_GAP;
    const first = at;
    for (const bar of its) {
      all.push({ ...bar, at: at + 0.5 });
      at += 1;
    }
    return { level, at: (first + at) / 2 };
  });
  return { bars: all, width: at, levels };
}

/** `skipped`, `failed` or `not run`. The reason is in the caption and in the table. */
function absence({ reason }: Bar): string {
  if (reason.startsWith('skipped')) return 'skipped';
  if (reason.startsWith('not run')) return 'not run';
  return reason.startsWith('l0-') ? 'no native' : 'failed';
}

function tooltip({ benchmark, cell, overhead, interval, reason }: Bar): string {
  if (overhead === null) return `${benchmark}, ${cell}: ${reason}`;
  const of =
    interval === null ? '' : ` (of means: ${shortOverhead(interval.low)} to ${shortOverhead(interval.high)})`;
  return `${benchmark}, ${cell}: ${shortOverhead(overhead)} times native${of}`;
}

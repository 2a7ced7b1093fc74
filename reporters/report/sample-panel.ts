/** One panel of samples in run order. */
import { inFewDigits } from './digits.ts';
import { escape } from './html.ts';
import { colour, fillOf } from './palette.ts';
import { type SampleSeries, startsOf } from './sample-series.ts';
import { type Drawing, plotLibrary } from './svg.ts';

const WIDTH = 164;
const HEIGHT = 128;
const MARGIN = { left: 40, right: 6, top: 36, bottom: 18 } as const;
const MIN_SPAN = 0.05;

/**
 * Its points are one path of strokes without length, which round caps turn into dots: this is cheap for very many.
 * Plot's marks would be one element per point, so it only provides the scales and their ticks.
 */
export function samplePanel({ cell, configuration, outcome, runs, points }: SampleSeries): Drawing {
  const { n, median, min, max } = outcome.statistics;
  const [left, right, top, bottom] = [MARGIN.left, WIDTH - MARGIN.right, MARGIN.top, HEIGHT - MARGIN.bottom];
  const plot = plotLibrary();
  const room = Math.max((max - min) * 0.06, Number.EPSILON);
  const y = plot.scale({
    y: {
      type: 'linear',
      domain: [Math.min(median * (1 - MIN_SPAN), min - room), Math.max(median * (1 + MIN_SPAN), max + room)],
      range: [bottom, top],
    },
  });
  const x = plot.scale({ x: { type: 'linear', domain: [1, Math.max(2, n)], range: [left + 8, right - 6] } });
  const xOf = (index: number): number => (n === 1 ? (left + right) / 2 : rounded(x.apply(index + 1)));
  const yOf = (value: number): number => rounded(y.apply(value));
  const path = points.map(({ index, value }) => `M${xOf(index)},${yOf(value)}h0`).join('');
  const size = points.length > 60 ? 2.2 : points.length > 12 ? 3.4 : 5.5;
  const boundaries = startsOf(runs)
    .slice(1)
    .map((start) => rounded((xOf(start - 1) + xOf(start)) / 2));
  return {
    width: WIDTH,
    height: HEIGHT,
    content: [
      text(2, 12, cell, 'text-anchor="start" font-size="12" font-weight="600"'),
      text(
        2,
        27,
        spread(n, median, min, max),
        `text-anchor="start" font-size="10.5" fill="${colour('muted')}"`,
      ),
      ...ticksOf([min, median, max], (value) => yOf(value)).map(
        (tick) =>
          `<path d="M${left},${yOf(tick)}H${right}" stroke="${colour('grid')}"/>` +
          text(
            left - 4,
            yOf(tick) + 3.5,
            inFewDigits(tick),
            `text-anchor="end" font-size="10" fill="${colour('muted')}"`,
          ),
      ),
      `<path d="M${left},${top}V${bottom}H${right}" fill="none" stroke="${colour('line')}"/>`,
      ...boundaries.map((at) => `<path d="M${at},${top}V${bottom}" stroke="${colour('line')}"/>`),
      `<path d="M${left},${yOf(median)}H${right}" stroke="${colour('ink')}" stroke-width="1"/>`,
      `<path d="${path}" stroke="${fillOf(configuration)}" stroke-width="${size}" stroke-linecap="round"/>`,
      text(xOf(0), bottom + 12, '1', `font-size="10" fill="${colour('muted')}"`),
      n > 1
        ? text(
            xOf(n - 1),
            bottom + 12,
            String(n),
            `font-size="10" text-anchor="${n > 999 ? 'end' : 'middle'}" fill="${colour('muted')}"`,
          )
        : '',
    ].join(''),
  };
}

function text(at: number, height: number, words: string, attributes = ''): string {
  return `<text x="${at}" y="${height}" ${attributes}>${escape(words)}</text>`;
}

/** The ticks are the numbers themselves: smallest, median and largest, without overlap. */
function ticksOf(
  [min, median, max]: readonly [number, number, number],
  at: (value: number) => number,
): number[] {
  const kept = [median];
  for (const value of [min, max]) {
    if (kept.every((other) => Math.abs(at(other) - at(value)) >= 11)) kept.push(value);
  }
  return kept;
}

/** `3 samples, −2 % to +5 %`. */
function spread(n: number, median: number, min: number, max: number): string {
  if (n === 1) return '1 sample';
  const percent = (value: number): string => {
    const off = (value / median - 1) * 100;
    const digits = Math.abs(off).toFixed(Math.abs(off) < 10 ? 1 : 0);
    return `${off < 0 ? '−' : '+'}${digits}`;
  };
  return `n ${n}, ${percent(min)} % to ${percent(max)} %`;
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

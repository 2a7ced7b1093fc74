import { describe, expect, test } from 'vitest';
import { resolveColours, variables } from './palette.ts';

/** The contrast of two colours by WCAG 2.2, from their relative luminances. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const TEXT = ['ink', 'muted', 'link', 'failed'];
const GROUNDS = new Set(['paper', 'surface', 'warning-surface', 'line', 'grid', 'warning']);

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  const colours = new Map(
    [...variables(theme).matchAll(/--nb-([\w-]+):(#\w{6});/g)].map(([, name = '', hex = '']) => [name, hex]),
  );
  const of = (name: string): string => colours.get(name) ?? '';

  test.each(TEXT)('%s can be read', (name) => {
    expect(contrast(of(name), of('paper'))).toBeGreaterThanOrEqual(4.5);
  });

  test('the banner is legible', () => {
    expect(contrast(of('warning'), of('warning-surface'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('ink'), of('warning-surface'))).toBeGreaterThanOrEqual(4.5);
  });

  test('everything that is drawn is visible', () => {
    const drawn = [...colours.keys()].filter((name) => !GROUNDS.has(name));
    expect(drawn).toContain('passthrough');
    const faint = drawn.filter((name) => contrast(of(name), of('paper')) < 3);
    expect(faint).toEqual([]);
  });
});

test('a standalone drawing has the light colours', () => {
  expect(resolveColours('<g fill="var(--nb-paper)" stroke="currentColor"/>')).toBe(
    '<g fill="#ffffff" stroke="#1b2026"/>',
  );
});

/**
 * Colours of the page and its figures, as CSS variables with a value for each theme. Text has a contrast of at least
 * 4.5:1 on its background, drawings 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). Configurations also differ in pattern: nothing
 * depends on colour alone.
 */
import { ALL_CONFIGURATIONS } from '../../fixtures/configurations/index.ts';
import type { Look } from '../../fixtures/configurations/configuration.ts';

type Shades = Look['colour'];

const OF_PAGE = {
  paper: { light: '#ffffff', dark: '#14181d' },
  surface: { light: '#f3f5f7', dark: '#1d232b' },
  line: { light: '#c9d1d9', dark: '#3a4552' },
  grid: { light: '#e1e5ea', dark: '#2b333d' },
  ink: { light: '#1b2026', dark: '#e6eaee' },
  muted: { light: '#57606a', dark: '#a3adb8' },
  link: { light: '#0b5cad', dark: '#7ab8f5' },
  warning: { light: '#7a4100', dark: '#f3b562' },
  'warning-surface': { light: '#fff4df', dark: '#33270f' },
  failed: { light: '#a8201a', dark: '#ff9a8f' },
} as const satisfies Record<string, Shades>;

const OF_FIGURES = {
  other: { light: '#6d6245', dark: '#c9bb90' },
  'cold-1': { light: '#7393b3', dark: '#47698c' },
  'cold-2': { light: '#4f7aa8', dark: '#5e86b0' },
  'cold-3': { light: '#2f5f93', dark: '#80a8d2' },
  'cold-4': { light: '#17406c', dark: '#abcdf0' },
  grey: { light: '#55616e', dark: '#a9b5c1' },
  blue: { light: '#1f77b4', dark: '#5fb3ea' },
  green: { light: '#1d7d4b', dark: '#5cc791' },
  orange: { light: '#b9540b', dark: '#f0a04b' },
  purple: { light: '#8b3a8b', dark: '#df93dd' },
  idle: { light: '#868e96', dark: '#7d8792' },
} as const satisfies Record<string, Shades>;

export type Colour = keyof typeof OF_PAGE | keyof typeof OF_FIGURES;

const COLOURS: ReadonlyMap<string, Shades> = new Map<string, Shades>([
  ...Object.entries(OF_PAGE),
  ...ALL_CONFIGURATIONS.map(({ name, look }) => [name, look.colour] as const),
  ...Object.entries(OF_FIGURES),
]);

/** `var(--nb-NAME)`, for everything in the page. */
export function colour(name: Colour): string {
  return variable(name);
}

function variable(name: string): string {
  return `var(--nb-${name})`;
}

/** Declarations of all variables in one theme. */
export function variables(theme: keyof Shades): string {
  return [...COLOURS].map(([name, shades]) => `--nb-${name}:${shades[theme]};`).join('');
}

/** `svg` with the light theme's colours instead of the variables, for use outside the page. */
export function resolveColours(svg: string): string {
  return svg
    .replaceAll(/var\(--nb-([\w-]+)\)/g, (whole, name: string) => COLOURS.get(name)?.light ?? whole)
    .replaceAll('currentColor', OF_PAGE.ink.light);
}

/** For configurations of journals that this version does not know. */
const UNKNOWN: Pick<Look, 'pattern'> = { pattern: { path: 'M3,0v6M0,3h6', width: 1.3 } };

function lookOf(configuration: string): Look | undefined {
  return ALL_CONFIGURATIONS.find(({ name }): boolean => name === configuration)?.look;
}

export function fillOf(configuration: string): string {
  return variable(lookOf(configuration) === undefined ? 'other' : configuration);
}

/** The pattern on top of the fill; null for a plain one. `scope` makes its id unique to the drawing. */
export function patternOf(configuration: string, scope: string): string | null {
  const { pattern } = lookOf(configuration) ?? UNKNOWN;
  return pattern === undefined ? null : `url(#${patternId(configuration, scope)})`;
}

/** `<defs>` of the patterns of `configurations`. */
export function patternDefinitions(configurations: readonly string[], scope: string): string {
  const patterns = configurations.flatMap((configuration) => {
    const { pattern } = lookOf(configuration) ?? UNKNOWN;
    return pattern === undefined
      ? []
      : `<pattern id="${patternId(configuration, scope)}" width="6" height="6" patternUnits="userSpaceOnUse">` +
          `<path d="${pattern.path}" stroke="${colour('paper')}" stroke-width="${pattern.width}" stroke-linecap="round" fill="none"/></pattern>`;
  });
  return patterns.length === 0 ? '' : `<defs>${patterns.join('')}</defs>`;
}

function patternId(configuration: string, scope: string): string {
  return `${scope}-${configuration.replaceAll(/[^\w-]/g, '_')}`;
}

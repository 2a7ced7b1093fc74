/**
 * Colours of the page and its figures, as CSS variables with a value for each theme. Text has a contrast of at least
 * 4.5:1 on its background, drawings 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). Configurations also differ in pattern: nothing
 * depends on colour alone.
 */

type Theme = 'light' | 'dark';

const COLOURS = {
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
  baseline: { light: '#55616e', dark: '#a9b5c1' },
  passthrough: { light: '#1f77b4', dark: '#5fb3ea' },
  'dvh-vp': { light: '#b9540b', dark: '#f0a04b' },
  dvh: { light: '#1d7d4b', dark: '#5cc791' },
  'vp-idle': { light: '#8b3a8b', dark: '#df93dd' },
  other: { light: '#6d6245', dark: '#c9bb90' },
  'cold-1': { light: '#7393b3', dark: '#47698c' },
  'cold-2': { light: '#4f7aa8', dark: '#5e86b0' },
  'cold-3': { light: '#2f5f93', dark: '#80a8d2' },
  'cold-4': { light: '#17406c', dark: '#abcdf0' },
  work: { light: '#1d7d4b', dark: '#5cc791' },
  service: { light: '#8b3a8b', dark: '#df93dd' },
  around: { light: '#b9540b', dark: '#f0a04b' },
  idle: { light: '#868e96', dark: '#7d8792' },
} as const satisfies Record<string, Record<Theme, string>>;

export type Colour = keyof typeof COLOURS;

/** `var(--nb-NAME)`, for everything in the page. */
export function colour(name: Colour): string {
  return `var(--nb-${name})`;
}

/** Declarations of all variables in one theme. */
export function variables(theme: Theme): string {
  return Object.entries(COLOURS)
    .map(([name, values]) => `--nb-${name}:${values[theme]};`)
    .join('');
}

const LIGHT: ReadonlyMap<string, string> = new Map(
  Object.entries(COLOURS).map(([name, { light }]) => [name, light]),
);

/** `svg` with the light theme's colours instead of the variables, for use outside the page. */
export function resolveColours(svg: string): string {
  return svg
    .replaceAll(/var\(--nb-([\w-]+)\)/g, (whole, name: string) => LIGHT.get(name) ?? whole)
    .replaceAll('currentColor', COLOURS.ink.light);
}

/** How each configuration is filled. Unknown ones are `other`. */
const LOOKS: Readonly<Record<string, { readonly colour: Colour; readonly pattern: string }>> = {
  baseline: { colour: 'baseline', pattern: '' },
  passthrough: { colour: 'passthrough', pattern: 'M-1,1l2,-2M0,6l6,-6M5,7l2,-2' },
  'dvh-vp': { colour: 'dvh-vp', pattern: 'M1.5,1.5h0M4.5,4.5h0' },
  dvh: { colour: 'dvh', pattern: 'M0,3h6' },
  'vp-idle': { colour: 'vp-idle', pattern: 'M-1,5l2,2M0,0l6,6M5,-1l2,2' },
};
const OTHER = { colour: 'other', pattern: 'M3,0v6M0,3h6' } as const;

export function fillOf(configuration: string): string {
  return colour((LOOKS[configuration] ?? OTHER).colour);
}

/** The pattern on top of the fill; null for a plain one. `scope` makes its id unique to the drawing. */
export function patternOf(configuration: string, scope: string): string | null {
  return (LOOKS[configuration] ?? OTHER).pattern === '' ? null : `url(#${patternId(configuration, scope)})`;
}

/** `<defs>` of the patterns of `configurations`. */
export function patternDefinitions(configurations: readonly string[], scope: string): string {
  const patterns = configurations.flatMap((configuration) => {
    const { pattern } = LOOKS[configuration] ?? OTHER;
    const width = configuration === 'dvh-vp' ? 2 : 1.3;
    return pattern === ''
      ? []
      : `<pattern id="${patternId(configuration, scope)}" width="6" height="6" patternUnits="userSpaceOnUse">` +
          `<path d="${pattern}" stroke="${colour('paper')}" stroke-width="${width}" stroke-linecap="round" fill="none"/></pattern>`;
  });
  return patterns.length === 0 ? '' : `<defs>${patterns.join('')}</defs>`;
}

function patternId(configuration: string, scope: string): string {
  return `${scope}-${configuration.replaceAll(/[^\w-]/g, '_')}`;
}

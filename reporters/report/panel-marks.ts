/** What the horizontal panels of the report share: a title, and the name of each row's cell on its left. */
import { plotLibrary } from './svg.ts';

/** The room on the left for the names, in pixels. */
export const NAMES_WIDTH = 106;
const TITLE_SIZE = 12;

export function rowNames(rows: readonly { readonly name: string }[]) {
  return plotLibrary().text(rows, {
    y: 'name',
    text: 'name',
    frameAnchor: 'left',
    textAnchor: 'end',
    dx: -8,
    fontSize: TITLE_SIZE,
  });
}

export function panelTitle(title: string) {
  return plotLibrary().text([title], {
    frameAnchor: 'top-left',
    dx: 2 - NAMES_WIDTH,
    dy: -20,
    text: (text: string) => text,
    fontSize: TITLE_SIZE,
    fontWeight: 600,
  });
}

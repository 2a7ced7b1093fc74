/** How a terminal shows what a piece of text is. */
import { styleText } from 'node:util';
import type { Paint, Role } from './columns.ts';

const STYLES: Readonly<Record<Role, Parameters<typeof styleText>[0] | null>> = {
  heading: 'bold',
  value: null,
  failed: 'red',
  good: 'green',
  aside: 'dim',
};

/** Paints with colours, or hands text on as it is. */
export function painter(colours: boolean): Paint {
  return (role, text) => {
    const style = STYLES[role];
    // Colours were asked for: whether standard output is a terminal was the caller's to judge.
    return colours && style !== null ? styleText(style, text, { validateStream: false }) : text;
  };
}

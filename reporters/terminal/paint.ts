/** Colours of the kinds of text on a terminal. */
import { styleText } from 'node:util';
import type { Paint, Role } from './columns.ts';

const STYLES: Readonly<Record<Role, Parameters<typeof styleText>[0] | null>> = {
  heading: 'bold',
  value: null,
  failed: 'red',
  good: 'green',
  detail: 'dim',
};

/** Returns a function that colours text, or one that returns it unchanged. */
export function painter(colours: boolean): Paint {
  return (role, text) => {
    const style = STYLES[role];
    // The caller has already checked whether standard output is a terminal.
    return colours && style !== null ? styleText(style, text, { validateStream: false }) : text;
  };
}

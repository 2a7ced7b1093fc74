/** Sums over the paths of an explanation, the largest first. */
import { type Level, levelName } from '../../fixtures/levels.ts';
import type { Explanation, Path } from './explanation.ts';

export interface Sum {
  readonly level: Level;
  readonly name: string;
  readonly instructions: number;
}

type Summed = Pick<Explanation, 'paths'>;

/** By what the level works on. */
export function byCause({ paths }: Summed): Sum[] {
  return sums(paths, ({ cause }) => (cause === '' ? 'the operation itself' : cause));
}

/** By the function that executed them itself. */
export function byFunction({ paths }: Summed): Sum[] {
  return sums(paths, ({ functions }) => functions.at(-1) ?? '');
}

/** Likewise, with the parts and copies that the compiler made of a function: another kernel has others. */
export function bySourceFunction({ paths }: Summed): Sum[] {
  return sums(paths, ({ functions }) => (functions.at(-1) ?? '').replaceAll(CLONE, ''));
}

/** gcc's suffixes, such as `.isra.0`. */
const CLONE = /\.(?:cold|constprop|isra|part)(?:\.\d+)?/g;

/** L0 first. */
export function byLevel({ paths }: Summed): Sum[] {
  return sums(paths, ({ level }) => levelName(level)).toSorted((one, other) => one.level - other.level);
}

export interface Difference extends Omit<Sum, 'instructions'> {
  readonly base: number;
  readonly head: number;
}

/** Sums of two explanations side by side, the largest change first. */
export function differences(base: readonly Sum[], head: readonly Sum[]): Difference[] {
  const all = new Map<string, Difference>();
  const keyOf = ({ level, name }: Sum): string => `${level}\n${name}`;
  for (const { level, name, instructions } of base)
    all.set(keyOf({ level, name, instructions }), { level, name, base: instructions, head: 0 });
  for (const sum of head) {
    const { level, name, instructions } = sum;
    all.set(keyOf(sum), { level, name, base: all.get(keyOf(sum))?.base ?? 0, head: instructions });
  }
  return [...all.values()].toSorted((one, other) => Math.abs(changeOf(other)) - Math.abs(changeOf(one)));
}

/** `hypercall at l3-dvh against hypercall at l3-baseline`; of one cell twice, with the kernels. */
export function comparedNames(base: Explanation, head: Explanation): string {
  const isOtherKernel = base.cell === head.cell && base.operation === head.operation;
  const nameOf = ({ operation, cell, madeOf: { kernel } }: Explanation): string =>
    `${operation} at ${cell}${isOtherKernel && kernel !== undefined ? ` with ${kernel}` : ''}`;
  return `${nameOf(head)} against ${nameOf(base)}`;
}

export function changeOf({ base, head }: Difference): number {
  return head - base;
}

function sums(paths: readonly Path[], nameOf: (path: Path) => string): Sum[] {
  const all = new Map<string, Sum>();
  for (const path of paths) {
    const { level, instructions } = path;
    const name = nameOf(path);
    const key = `${level}\n${name}`;
    all.set(key, { level, name, instructions: (all.get(key)?.instructions ?? 0) + instructions });
  }
  return [...all.values()].toSorted((one, other) => other.instructions - one.instructions);
}

/** Tables for a terminal: columns of lines beside each other, in blocks of as many as it is wide. */

/** What a piece of text is, for whoever colours it. */
export type Role = 'heading' | 'value' | 'failed' | 'good' | 'aside';
export type Paint = (role: Role, text: string) => string;

export interface Column {
  readonly heading: string;
  readonly width: number;
  /** All of the column's width. */
  readonly lines: readonly { readonly text: string; readonly role: Role }[];
}

const GAP = '  ';

/** A column of words, as wide as the widest. */
export function wordColumn(
  heading: string,
  words: readonly { readonly text: string; readonly role: Role }[],
  side: 'left' | 'right',
): Column {
  const width = widest([heading, ...words.map(({ text }) => text)]);
  const pad = (text: string): string => (side === 'left' ? text.padEnd(width) : text.padStart(width));
  return { heading, width, lines: words.map(({ role, text }) => ({ role, text: pad(text) })) };
}

export function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

/** Blocks of lines, each as many of `shown` as fit into `columns` characters beside the labels, at least one. */
export function tableBlocks(
  labels: readonly Column[],
  shown: readonly Column[],
  columns: number,
  paint: Paint,
): string[][] {
  return blocks(labels, shown, columns).map((block) => {
    const rows = (labels[0]?.lines ?? []).map((_, row) =>
      block.map(({ lines }) => paint(lines[row]?.role ?? 'value', lines[row]?.text ?? '')).join(GAP),
    );
    const headings = block.map((one) => paint('heading', one.heading.padStart(one.width))).join(GAP);
    return [headings, paint('aside', '-'.repeat(widthOf(block)))].concat(rows);
  });
}

/** A block's lines as text, without blanks at their ends. */
export function blockText(lines: readonly string[]): string {
  return lines.map((line) => line.trimEnd()).join('\n');
}

function widthOf(block: readonly Column[]): number {
  return block.reduce((sum, { width }) => sum + width, GAP.length * (block.length - 1));
}

/** Each block begins with the labels and takes columns while there is room. */
function blocks(labels: readonly Column[], shown: readonly Column[], columns: number): Column[][] {
  const all: Column[][] = [];
  for (const one of shown) {
    const last = all.at(-1);
    if (last !== undefined && widthOf([...last, one]) <= columns) last.push(one);
    else all.push([...labels, one]);
  }
  return all;
}

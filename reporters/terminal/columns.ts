/** Tables for a terminal: columns side by side, in blocks of as many as fit. */

/** What a piece of text is, which decides its colour. */
export type Role = 'heading' | 'value' | 'failed' | 'good' | 'detail';
export type Paint = (role: Role, text: string) => string;

export interface Column {
  readonly heading: string;
  readonly width: number;
  /** Each as wide as the column. */
  readonly lines: readonly { readonly text: string; readonly role: Role }[];
}

const GAP = '  ';

/** A column of words, as wide as the widest. A text without a role is a value. */
export function wordColumn(
  heading: string,
  words: readonly (string | { readonly text: string; readonly role: Role })[],
  side: 'left' | 'right',
): Column {
  const lines = words.map((word) =>
    typeof word === 'string' ? { text: word, role: 'value' as const } : word,
  );
  const width = widest([heading, ...lines.map(({ text }) => text)]);
  const pad = (text: string): string => (side === 'left' ? text.padEnd(width) : text.padStart(width));
  return { heading, width, lines: lines.map(({ role, text }) => ({ role, text: pad(text) })) };
}

export function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

/**
 * Splits a table into blocks, each with the labels and as many columns of `shown` as fit into `columns` characters, at
 * least one.
 */
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
    return [headings, paint('detail', '-'.repeat(widthOf(block)))].concat(rows);
  });
}

/** A block's lines as text, without trailing spaces. */
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

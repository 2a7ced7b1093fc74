/** The aliases of a YAML file: those of nothing, of themselves, and of more values than anybody would write. */
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  visit,
} from 'yaml';

export interface YamlFault {
  readonly line: number;
  readonly message: string;
  /** Whether it is not YAML at all; otherwise it is YAML with wrong content. */
  readonly isSyntax: boolean;
}

/**
 * How many values an alias may stand for through others, and all aliases together. More would be a file made to fill
 * memory.
 */
const MAX_NESTED = 100;
const MAX_ALIASED = 100_000;

export function aliasFaults(document: Document, lines: LineCounter): YamlFault[] {
  const faults: YamlFault[] = [];
  const weights = new Map<Node, number>();
  const weigh = (node: unknown): number => {
    if (isAlias(node)) return weigh(node.resolve(document));
    if (isPair(node)) return weigh(node.value);
    if (!isCollection(node)) return 1;
    const known = weights.get(node);
    if (known !== undefined) return known;
    // Until it is known: what contains itself is endless.
    weights.set(node, Number.POSITIVE_INFINITY);
    const weight = Math.max(
      1,
      node.items.reduce<number>((sum, item) => sum + weigh(item), 0),
    );
    weights.set(node, weight);
    return weight;
  };
  let total = 0;
  visit(document, {
    Alias(key, alias, ancestors) {
      total += weigh(alias);
      const why = aliasFault(alias, document, weigh, total);
      if (why === undefined) return undefined;
      const name = pathTo(key, ancestors).join('.');
      faults.push({
        line: lineAt(lines, alias.range?.[0] ?? 0),
        message: `"${name}" is *${alias.source}, ${why}`,
        isSyntax: false,
      });
      // Its parents repeat the same fault.
      return visit.BREAK;
    },
  });
  return faults;
}

function aliasFault(
  alias: Alias,
  document: Document,
  weigh: (node: unknown) => number,
  total: number,
): string | undefined {
  const anchored = alias.resolve(document);
  if (anchored === undefined) return `and nothing before it has the anchor &${alias.source}`;
  const weight = weigh(anchored);
  if (weight === Number.POSITIVE_INFINITY) return 'which contains itself';
  if (weight > MAX_NESTED && hasAlias(anchored)) {
    return `which stands for ${weight} values through other aliases: at most ${MAX_NESTED} are possible`;
  }
  return total > MAX_ALIASED
    ? `and the aliases up to it stand for ${total} values: at most ${MAX_ALIASED} are possible`
    : undefined;
}

function hasAlias(node: Node): boolean {
  let found = false;
  visit(node, {
    Alias() {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/** The keys from the document to an alias, from what `visit` provides. */
export function pathTo(key: unknown, ancestors: readonly unknown[]): string[] {
  const keys = ancestors.flatMap((ancestor, at) => {
    if (isPair(ancestor) && isScalar(ancestor.key)) return [String(ancestor.key.value)];
    const below = ancestors[at + 1];
    return isSeq(ancestor) && below !== undefined ? [String(ancestor.items.indexOf(below))] : [];
  });
  return typeof key === 'number' && isSeq(ancestors.at(-1)) ? [...keys, String(key)] : keys;
}

export function lineAt(lines: LineCounter, offset: number): number {
  return Math.max(1, lines.linePos(offset).line);
}

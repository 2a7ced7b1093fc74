/** Reads a YAML file that a user wrote, and reports each fault with its line and key. */
import { readFileSync, statSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { reasonOf } from './error-text.ts';
import { aliasFaults, lineAt, pathTo, type YamlFault } from './yaml-aliases.ts';

/** The value; or every fault, in the order of the lines. */
export type ParsedYaml<T> =
  | { readonly ok: true; readonly value: T; readonly lineOf: (key: string) => number }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/** A file written by hand has a few kilobytes. */
const MAX_BYTES = 2 ** 20;
/** Number of faults that are printed. A file of another kind has thousands. */
const MAX_FAULTS = 10;
/** Number of characters of a value that are printed. A file of another kind is one value. */
const MAX_SHOWN = 100;

/**
 * @throws {Error} with the reason, if it is not a text file.
 */
export function readTextFile(file: string): string {
  const found = statSync(file);
  if (found.isDirectory()) throw new Error('it is a directory');
  if (!found.isFile() && !found.isFIFO()) throw new Error('it is not a file');
  if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    throw error instanceof TypeError ? new Error('it is not text in UTF-8', { cause: error }) : error;
  }
}

/**
 * Parses the text and checks it against the schema. Never throws.
 * @param what the kind of file, as in `not a key of a testbed`.
 */
export function parseYaml<S extends z.ZodType>(
  text: string,
  schema: S,
  what: string,
): ParsedYaml<z.output<S>> {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    const unreadable = [...document.errors, ...document.warnings].map(
      ({ pos: [at], code, message }, index) => ({
        line: lineAt(lines, at),
        message: syntaxFault(code, message, index < MAX_FAULTS ? keysAt(document, at) : []),
        isSyntax: true,
      }),
    );
    if (unreadable.length > 0) return failed(unreadable);
    const aliases = aliasFaults(document, lines);
    if (aliases.length > 0) return failed(aliases);
    // The values of aliases were counted above.
    const parsed = schema.safeParse(document.toJS({ maxAliasCount: -1 }) ?? {});
    if (parsed.success) {
      return {
        ok: true,
        value: parsed.data,
        lineOf: (key) => lineOf(document, lines, key.split('.')),
      };
    }
    return failed(parsed.error.issues.flatMap((issue) => faultsOf(document, lines, issue, what)));
  } catch (error) {
    // Merge keys and tags are only resolved when the values are created, and very deep nesting overflows the stack.
    return failed([{ line: 1, message: reasonOf(error), isSyntax: true }]);
  }
}

/** The faults as lines of `file:line: message`. */
export function faultLines(file: string, faults: readonly YamlFault[]): string {
  const first = faults.slice(0, MAX_FAULTS).map(({ line, message }) => `${file}:${line}: ${message}`);
  const more = faults.length - first.length;
  return (more > 0 ? [...first, `and ${more} more`] : first).join('\n');
}

function failed(faults: readonly YamlFault[]): { ok: false; faults: readonly YamlFault[] } {
  return { ok: false, faults: faults.toSorted((one, other) => one.line - other.line) };
}

/** An unknown key has its own line; a missing one is reported on the line of the map that lacks it. */
function faultsOf(
  document: Document,
  lines: LineCounter,
  issue: z.core.$ZodIssue,
  what: string,
): YamlFault[] {
  const keys = issue.path.map(String);
  const fault = (path: readonly string[], why: string): YamlFault => ({
    line: lineOf(document, lines, path),
    message: path.length === 0 ? `the file ${why}` : `"${path.join('.')}" ${why}`,
    isSyntax: false,
  });
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => fault([...keys, key], `is not a key of a ${what}`));
  }
  if (issue.code === 'invalid_union') {
    // The alternative that got furthest is probably the intended one.
    const meant = issue.errors.find((issues) => issues.some(({ path, code }) => isInside(path, code)));
    if (meant !== undefined) {
      return meant.flatMap((inner) =>
        faultsOf(document, lines, { ...inner, path: [...issue.path, ...inner.path] }, what),
      );
    }
  }
  const node = nodeAt(document, keys);
  if (issue.code === 'invalid_type' && node === undefined) return [fault(keys, 'is missing')];
  if (isScalar(node) && node.value === null) return [fault(keys, 'is empty')];
  const isText = issue.code === 'invalid_type' && issue.expected === 'string';
  const why = isText ? quoteIt(node, keys) : `is ${shown(node)}: ${neededBy(issue)}`;
  return [fault(keys, why)];
}

/** Zod's own messages are about its types. */
function neededBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    const { expected } = issue;
    if (expected === 'array') return 'a list is needed, as [one, two]';
    if (expected === 'object' || expected === 'record') return 'a map is needed, as { key: value }';
    if (expected === 'int') return 'a whole number is needed, without quotes';
    if (expected === 'number') return 'a number is needed, without quotes';
  }
  if (issue.code === 'too_small' && issue.origin === 'string') return 'it is empty';
  if (issue.code === 'too_small') {
    const min = `at least ${issue.minimum}`;
    return issue.origin === 'array' ? `${min} entry is needed` : `${min} is needed`;
  }
  if (issue.code === 'too_big') return `at most ${issue.maximum} is possible`;
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')} is needed`;
  return issue.message;
}

function syntaxFault(code: string, message: string, keys: readonly string[]): string {
  const key = keys.length === 0 ? '' : `"${keys.join('.')}" `;
  if (code === 'DUPLICATE_KEY') return `${key}is given twice`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, and a file holds one';
  return key === '' ? message : `at ${key.trimEnd()}: ${message}`;
}

/** The last key that begins at or before `offset`, with its parents. */
function keysAt(document: Document, offset: number): string[] {
  let keys: string[] = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      const { key } = pair;
      if (isScalar(key) && (key.range?.[0] ?? Number.POSITIVE_INFINITY) <= offset) {
        keys = pathTo(undefined, [...ancestors, pair]);
      }
    },
  });
  return keys;
}

function isInside(path: readonly PropertyKey[], code: z.core.$ZodIssue['code']): boolean {
  return path.length > 0 || code === 'unrecognized_keys';
}

/** A text that YAML reads as something else. */
function quoteIt(node: unknown, keys: readonly string[]): string {
  if (isScalar(node)) {
    const source = shown(node);
    if (typeof node.value === 'object') return `is ${source}, where one text is needed`;
    return `is ${source}, which YAML reads as a ${typeof node.value}: quote it, "${source}"`;
  }
  const pair = isMap(node) && node.items.length === 1 ? node.items[0] : undefined;
  if (!isPair(pair) || !isScalar(pair.key) || !isScalar(pair.value)) {
    return `is ${shown(node)}, where one text is needed`;
  }
  const [name, value] = [pair.key, pair.value].map((each) => each.source ?? String(each.value));
  // Kernel parameters and lines of kernel configurations.
  const isWord = keys.some((key) => /^(kernelParameters|parameters|config)$/.test(key));
  const meant = isWord ? `${name}=${value}` : `${name}: ${value}`;
  return `is "${name}: ${value}", which YAML reads as a map: write one text and quote it, "${meant}"`;
}

function shown(node: unknown): string {
  if (isScalar(node)) {
    const whole =
      typeof node.value === 'string' ? JSON.stringify(node.value) : (node.source ?? String(node.value));
    return whole.length > MAX_SHOWN ? `${whole.slice(0, MAX_SHOWN)}...` : whole;
  }
  return isMap(node) ? 'a map' : isSeq(node) ? 'a list' : 'not right';
}

/** The node at `keys`, through aliases. */
function nodeAt(document: Document, keys: readonly string[]): unknown {
  let node: unknown = document.contents;
  for (const key of keys) {
    if (isAlias(node)) node = node.resolve(document);
    node = isSeq(node) ? node.items[Number(key)] : pairAt(node, key)?.value;
  }
  return isAlias(node) ? node.resolve(document) : node;
}

function pairAt(node: unknown, name: string): { key: unknown; value: unknown } | undefined {
  return isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === name) : undefined;
}

/** The line of the key at `keys`, or of its nearest existing parent. */
function lineOf(document: Document, lines: LineCounter, keys: readonly string[]): number {
  for (let length = keys.length; length > 0; length--) {
    const parent = nodeAt(document, keys.slice(0, length - 1));
    const name = keys[length - 1] ?? '';
    const node = isSeq(parent) ? parent.items[Number(name)] : pairAt(parent, name)?.key;
    const offset = isCollection(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return lineAt(lines, offset);
  }
  return 1;
}

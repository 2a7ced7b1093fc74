/** Reads README.md, CONTRIBUTING.md and docs with `marked`, for tests of what they show. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { marked } from 'marked';
import { z } from 'zod';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** The commands of `npm run`, by name. */
export const SCRIPTS = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))).scripts;

export interface Document {
  /** Its path from the root of the checkout. */
  readonly file: string;
  readonly text: string;
  /** Targets as written: a file, an anchor, both, or a URL. */
  readonly links: readonly string[];
  /** One per heading: what a link can have after `#`. */
  readonly anchors: ReadonlySet<string>;
  /** Text between backticks. */
  readonly spans: readonly string[];
  /** Fenced blocks of code. */
  readonly blocks: readonly { readonly language: string; readonly text: string }[];
  /** Shell commands in `sh` blocks, and npm and npx commands between backticks. */
  readonly commands: readonly Command[];
}

export interface Command {
  readonly text: string;
  /** Names set before the command, such as PROFILE in `PROFILE=smoke npx vitest`. */
  readonly variables: readonly string[];
  readonly words: readonly string[];
}

export const DOCUMENTS: readonly Document[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('docs/*.md', { cwd: ROOT }),
].map(readDocument);

export function documentAt(file: string): Document {
  const found = DOCUMENTS.find((document) => document.file === file);
  if (found === undefined) throw new Error(`There is no ${file}.`);
  return found;
}

export function blocksOf(file: string, wanted: string): string[] {
  return documentAt(file).blocks.flatMap(({ language, text }) => (language === wanted ? [text] : []));
}

function readDocument(file: string): Document {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const links: string[] = [];
  const headings: string[] = [];
  const spans: string[] = [];
  const blocks: { language: string; text: string }[] = [];
  void marked.walkTokens(marked.lexer(text), (token) => {
    if (token.type === 'link' || token.type === 'image') links.push(String(token['href']));
    if (token.type === 'heading') headings.push(String(token['text']));
    if (token.type === 'codespan') spans.push(String(token['text']));
    if (token.type === 'code') blocks.push({ language: String(token['lang']), text: String(token['text']) });
  });
  return {
    file,
    text,
    links,
    anchors: new Set(headings.map(anchorOf)),
    spans,
    blocks,
    commands: [
      ...blocks
        .filter(({ language }) => language === 'sh')
        .flatMap(({ text: shown }) => shown.split('\n'))
        .flatMap(commandsIn),
      ...spans.flatMap(commandsIn).filter(({ words: [program = ''] }) => /^(npx|npm)$/.test(program)),
    ],
  };
}

/** The anchor that GitHub makes for a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** The commands of one shell line, without its comment. */
function commandsIn(line: string): Command[] {
  return line
    .replace(/(^|\s)#.*$/, '')
    .split(/&&|;|\|/)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const all = (text.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? []).map((word) =>
        word.replaceAll(/^['"]|['"]$/g, ''),
      );
      const start = all.findIndex((word) => !/^[A-Z_]+=/.test(word));
      return {
        text,
        variables: all.slice(0, start).map((word) => word.replace(/=.*/, '')),
        words: all.slice(start),
      };
    });
}

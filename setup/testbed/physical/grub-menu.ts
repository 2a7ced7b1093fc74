/** Parses GRUB's menu from its grub.cfg, and finds the entry that GRUB boots by default. */
import { grubWords } from './grub-words.ts';

/** An entry, or a submenu with its own entries. */
export interface MenuEntry {
  readonly title: string;
  readonly id: string | undefined;
  /** Its first line, and the one of its closing brace. */
  readonly start: number;
  end: number;
  /** The kernel that it boots, from its file's name; undefined if that has no release. */
  release: string | undefined;
  readonly entries: MenuEntry[] | undefined;
}

/** The contents of grubenv, as printed by `grub-editenv list`. */
export type GrubEnvironment = Readonly<Record<string, string>>;

/** The top-level entries of the menu, in the order in which GRUB numbers them. */
export function menuOf(grubCfg: string): MenuEntry[] {
  const menu: MenuEntry[] = [];
  const open: MenuEntry[] = [];
  /** Open braces of functions and of entries. */
  const braces: (MenuEntry | undefined)[] = [];
  for (const [at, line] of grubCfg.split('\n').entries()) {
    const words = grubWords(line);
    const [command, ...others] = words;
    if ((command === 'menuentry' || command === 'submenu') && others.at(-1) === '{') {
      const entry: MenuEntry = {
        title: others[0] ?? '',
        id: idOf(others),
        start: at,
        end: at,
        release: undefined,
        entries: command === 'submenu' ? [] : undefined,
      };
      (open.at(-1)?.entries ?? menu).push(entry);
      open.push(entry);
      braces.push(entry);
      continue;
    }
    const entry = open.at(-1);
    if (entry !== undefined && /^linux(efi|16)?$/.test(command ?? '')) {
      entry.release ??= /(?:^|\/)vmlinuz-([^/]+)$/.exec(others[0] ?? '')?.[1];
    }
    for (const word of words) {
      if (word === '{') braces.push(undefined);
      if (word !== '}') continue;
      const closed = braces.pop();
      if (closed === undefined) continue;
      closed.end = at;
      open.pop();
    }
  }
  return menu;
}

/** `--id NAME`, or NAME after the variable in which grub-mkconfig keeps that option. */
function idOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(--id|\$\{?menuentry_id_option\}?)$/.test(word));
  if (at >= 0) return words[at + 1];
  return words.find((word) => word.startsWith('--id='))?.slice('--id='.length);
}

/**
 * The entry that GRUB boots at its next start: the one requested for a single boot, if there is one, otherwise the
 * default.
 * @returns undefined if the menu is empty.
 */
export function defaultEntry(grubCfg: string, environment: GrubEnvironment): MenuEntry | undefined {
  let spec = defaultSpec(grubCfg, environment);
  let menu: readonly MenuEntry[] = menuOf(grubCfg);
  for (;;) {
    // If it is not found, GRUB uses the first entry (grub-core/normal/menu.c, run_menu).
    const entry = menu[Math.max(0, indexOf(menu, spec))];
    if (entry?.entries === undefined) return entry;
    spec = behindSeparator(spec);
    menu = entry.entries;
  }
}

/** The value of GRUB's variable `default` after its grub.cfg was read. */
function defaultSpec(grubCfg: string, environment: GrubEnvironment): string {
  const { next_entry: once = '' } = environment;
  if (once !== '' && grubCfg.includes('next_entry')) return once;
  const values = defaultsIn(grubCfg);
  // The first branch of grub-mkconfig's header sets the one requested for a single boot.
  const value = values.findLast((each) => !each.includes('next_entry')) ?? '0';
  return value.replaceAll(
    /\$\{(\w+)\}|\$(\w+)/g,
    (_, braced?: string, bare?: string) => environment[braced ?? bare ?? ''] ?? '',
  );
}

/** What a script assigns to `default`, with or without `set`, anywhere in a line. */
export function defaultsIn(script: string): string[] {
  return script.split('\n').flatMap((line) => {
    const words = grubWords(line);
    return words.flatMap((word, at) => {
      const isCommand = /^(?:set|then|else|do|[;{&|])?$/.test(words[at - 1] ?? '');
      return isCommand && word.startsWith('default=') ? [word.slice('default='.length)] : [];
    });
  });
}

/** By number, title or id; -1 without such an entry (get_entry_number and menuentry_eq in grub-core/normal/menu.c). */
function indexOf(menu: readonly MenuEntry[], spec: string): number {
  const number = /^\s*(0x[\da-f]+|\d+)(?=$|[\s>])/i.exec(spec)?.[1];
  if (number !== undefined) {
    const index = Number.parseInt(number, /^0x/i.test(number) ? 16 : number.startsWith('0') ? 8 : 10);
    return index < menu.length ? index : -1;
  }
  const name = firstPart(spec).replaceAll('>>', '>');
  return menu.findIndex(({ title, id }) => title === name || id === name);
}

/** A of `A>B`. Two of these characters are a literal one in a title. */
function firstPart(spec: string): string {
  return /^(?:[^>]|>>)*/.exec(spec)?.[0] ?? '';
}

function behindSeparator(spec: string): string {
  return spec.slice(firstPart(spec).length + 1);
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultRelease } from './grub-entry.ts';
import { defaultEntry, menuOf } from './grub-menu.ts';

const pinned = readFileSync(path.join(import.meta.dirname, 'captured/cases/pinned-default.cfg'), 'utf8');
const debian = readFileSync(path.join(import.meta.dirname, 'captured/grub-debian-12.cfg'), 'utf8');
const [NEW, OLD] = ['6.8.0-40-generic', '5.15.0-91-generic'];

/** The same menu with another default. */
function withDefault(value: string): string {
  return pinned.replace(/set default="gnulinux.*"/, () => `set default="${value}"`);
}

test('the menu is numbered as in GRUB', () => {
  expect(menuOf(pinned)).toMatchObject([
    { title: 'Ubuntu', id: 'gnulinux-simple-1111-2222', release: NEW },
    {
      title: 'Advanced options for Ubuntu',
      id: 'gnulinux-advanced-1111-2222',
      entries: [{ release: NEW }, { title: `Ubuntu, with Linux ${OLD}`, release: OLD }],
    },
  ]);
  expect(menuOf(debian)).toMatchObject([{ title: 'Debian GNU/Linux' }, { entries: [{}, {}] }]);
});

describe('GRUB boots by default', () => {
  test('the kernel that GRUB_DEFAULT is pinned to', () => {
    expect(defaultRelease(pinned, {})).toBe(OLD);
    expect(defaultRelease(debian, {})).toBe('6.1.0-50-cloud-amd64');
  });

  test.each([
    ['0', NEW],
    ['1>1', OLD],
    ['1', NEW],
    ['0x1>0x1', OLD],
    ['7', NEW],
    ['', NEW],
    [`Advanced options for Ubuntu>Ubuntu, with Linux ${OLD}`, OLD],
    ['Advanced options for Ubuntu>1', OLD],
    ['1>gnulinux-5.15.0-91-generic-advanced-1111-2222', OLD],
    ['gnulinux-simple-1111-2222', NEW],
    ['Windows', NEW],
    ['gnulinux-advanced-1111-2222>gone', NEW],
  ])('of %j, %s', (value, release) => {
    expect(defaultRelease(withDefault(value), {})).toBe(release);
  });

  test('the saved entry, not one for a single boot', () => {
    const saved = withDefault('${saved_entry}');
    expect(defaultRelease(saved, {})).toBe(NEW);
    expect(defaultRelease(saved, { saved_entry: '1>1' })).toBe(OLD);
    expect(defaultRelease(saved, { saved_entry: '1>1', next_entry: '0' })).toBe(OLD);
    expect(defaultRelease(saved, { saved_entry: '0', prev_saved_entry: '1>1' })).toBe(OLD);
    // But the next start uses that.
    expect(defaultEntry(saved, { saved_entry: '1>1', next_entry: '0' })?.release).toBe(NEW);
  });

  test('an entry of a nested submenu, with any title', () => {
    const inner = "menuentry 'it'\\''s \"A>B\"' --id=deep {\n\tlinux /vmlinuz-1.2.3 ro\n}";
    const menu = (value: string): string =>
      `set default="${value}"\nfunction load {\n\ttrue\n}\nmenuentry "first" {\n\tif true; then linux /vmlinuz-9; fi\n}\nsubmenu "outer" {\nsubmenu 'in' {\n${inner}\n}\n}\n`;
    for (const value of ['1>0>0', 'outer>in>deep', 'outer>in>it\'s \\"A>>B\\"'])
      expect(defaultRelease(menu(value), {})).toBe('1.2.3');
    expect(defaultRelease(menu('first'), {})).toBe(undefined);
  });

  test('a later line wins, and comments do not count', () => {
    expect(defaultRelease(`${pinned}\n# set default=1\nset default=0\n`, {})).toBe(NEW);
    expect(defaultRelease(`${pinned}\n# set default=0\n`, {})).toBe(OLD);
  });

  test('none, without a menu or a release in its entry', () => {
    expect(defaultRelease('', {})).toBe(undefined);
    expect(defaultRelease("menuentry 'x' {\n\tlinux /boot/vmlinuz ro\n}\n", {})).toBe(undefined);
  });
});

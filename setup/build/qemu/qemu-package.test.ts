import { expect, test } from 'vitest';
import { parseWrap, vintageFlags } from './qemu-package.ts';

test('what a wrap file pins is known', () => {
  // subprojects/keycodemapdb.wrap of QEMU 10.1.
  const text =
    '[wrap-git]\nurl = https://gitlab.com/qemu-project/keycodemapdb.git\nrevision = f5772a62ec52591ff6870b7e8ef32482371f22c6\ndepth = 1\n';
  expect(parseWrap(text)).toEqual({
    url: 'https://gitlab.com/qemu-project/keycodemapdb.git',
    ref: 'f5772a62ec52591ff6870b7e8ef32482371f22c6',
  });
});

test.each(['', '[wrap-file]\nsource_url = https://example.org/x.tar.gz\n', '[wrap-git]\nurl = https://x\n'])(
  'a file that pins no commit is none: %j',
  (text) => {
    expect(parseWrap(text)).toBeUndefined();
  },
);

/** As the scripts themselves have them: QEMU 5.2's asks for Meson. */
const CASES = '  --disable-sdl) sdl="disabled"\n  ;;\n  --disable-werror) werror="no"\n  ;;\n';

test('of the flags of an old configure those are used that it knows', () => {
  const flags = vintageFlags(`${CASES}  --disable-of-a-fork) fork="no"\n`);
  expect(flags).toEqual(expect.arrayContaining(['--enable-kvm', '--disable-sdl', '--disable-werror']));
  expect(flags).not.toContain('--disable-gtk');
  expect(flags).not.toContain('--disable-of-a-fork');
});

test('Python is named where Meson does not choose it', () => {
  expect(vintageFlags(CASES)).toContain('--python=python3');
  expect(vintageFlags(`${CASES}  --meson=*) meson="$optarg"\n`)).not.toContain('--python=python3');
});

import { expect, test } from 'vitest';
import { vintageFlags } from './qemu-package.ts';

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

import { expect, test } from 'vitest';
import { isTooOld, parseWrap } from './qemu-package.ts';

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

test.each([
  ['3.1.0', true],
  ['6.1.1', true],
  ['6.2.0', false],
  ['7.2.22', false],
  ['10.1.0', false],
  ['', false],
])('QEMU %s is too old: %s', (version, isOld) => {
  expect(isTooOld(version)).toBe(isOld);
});

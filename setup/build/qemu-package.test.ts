import { expect, test } from 'vitest';
import { parseWrap } from './qemu-package.ts';

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

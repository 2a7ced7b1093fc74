import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const SETUP = path.resolve(import.meta.dirname, '../..');
/** What starts programs of the image, in guests and on physical machines. */
const SCRIPTS = [
  'build/image/guest/assign',
  'build/image/guest/init.c',
  'build/image/guest/start',
  'stack/enter-image.sh',
  'testbed/physical/machine/set-up',
];

test.each(SCRIPTS)('%s starts only programs that the image has', (script) => {
  const text = readFileSync(path.join(SETUP, script), 'utf8');
  const code = text.replaceAll(/^\s*#(?!define).*/gm, '');
  const started = Array.from(code.matchAll(/nestbench-([a-z-]+)(?: ["/<\d]|")/g), ([, name]) => name);
  // pack-image.sh calls each nestbench-NAME.
  const programs = readdirSync(path.join(SETUP, 'build/image/guest')).map((file) => file.replace(/\.c$/, ''));
  expect(started).not.toEqual([]);
  expect(programs).toEqual(expect.arrayContaining(started));
});

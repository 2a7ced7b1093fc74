import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { whyNoGrub } from './grub-machine.testing.ts';
import { grubWord, grubWords } from './grub-words.ts';

const SPECIAL = [
  "'",
  '"',
  '\\',
  '$',
  ';',
  ' ',
  '#',
  '{',
  '}',
  '&',
  '|',
  '<',
  '>',
  '*',
  '`',
  '~',
  '!',
  '\t',
  'a',
  'ü',
];
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...SPECIAL), minLength: 1 }),
  fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\n\r\0]/.test(text)),
);

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      expect(grubWords(words.map(grubWord).join(' '))).toEqual(words);
    }),
  );
});

test.each([
  ['linux	/boot/vmlinuz root=UUID=1 ro # as ever', ['linux', '/boot/vmlinuz', 'root=UUID=1', 'ro']],
  [
    `menuentry 'A' "b c" $menuentry_id_option 'x' {`,
    ['menuentry', 'A', 'b c', '$menuentry_id_option', 'x', '{'],
  ],
  ['set default="${saved_entry}"', ['set', 'default=${saved_entry}']],
  ['source ${config_directory}/custom.cfg', ['source', '${config_directory}/custom.cfg']],
  [String.raw`set a="b\"c\d"`, ['set', String.raw`a=b"c\d`]],
  [String.raw`echo it\'s`, ['echo', "it's"]],
  ["menuentry 'it'\\''s' {", ['menuentry', "it's", '{']],
  ['if true; then', ['if', 'true', ';', 'then']],
  ["a '' b", ['a', '', 'b']],
])('%s', (line, words) => {
  expect(grubWords(line)).toEqual(words);
});

test.each(['a\nb', 'a\rb', 'a\0b'])('%j can’t be a word', (text) => {
  expect(() => grubWord(text)).toThrow(RangeError);
});

test('GRUB reads what is written', async ({ skip }) => {
  skip(whyNoGrub() !== undefined, whyNoGrub());
  const file = path.join(temporaryDirectory(), 'grub.cfg');
  // All at once, because each check is a process.
  const lines = fc
    .sample(fc.array(word, { minLength: 1 }), 200)
    .map((words) => `linux ${words.map(grubWord).join(' ')}`);
  writeFileSync(file, `menuentry 'x' {\n${lines.join('\n')}\n}\n`);
  expect(await execa('grub-script-check', [file], { reject: false })).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
});

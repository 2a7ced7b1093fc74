import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from './temporary.testing.ts';
import { faultLines, parseYaml, readTextFile } from './yaml-file.ts';

const schema = z.strictObject({
  name: z.string().optional(),
  parameters: z.array(z.string()).optional(),
  count: z.int().optional(),
  inner: z
    .union(
      [
        z.enum(['none']),
        z.strictObject({ ref: z.string().optional(), list: z.array(z.string()).optional() }),
      ],
      'no inner',
    )
    .optional(),
});

function ten(item: string): string {
  return `[${Array.from({ length: 10 }, () => item).join(',')}]`;
}

function place(): string {
  return path.join(temporaryDirectory(), 'file.yaml');
}

/** Its faults, one per line; empty if it can be used. */
function faults(text: string): string {
  const parsed = parseYaml(text, schema, 'thing');
  return parsed.ok ? '' : faultLines('f', parsed.faults);
}

test.each([
  '',
  '# nothing\n',
  '---\n',
  '\u{FEFF}name: x\n',
  'inner: none\n',
  'inner: &a {ref: x}\n',
  '{"name": "x"}',
])('%j can be used', (text) => {
  expect(faults(text)).toBe('');
});

describe('a fault has its line and its key', () => {
  test.each([
    ['name: 6.10', 'f:1: "name" is 6.10, which YAML reads as a number: quote it, "6.10"'],
    ['\ninner:\n  ref: 010', 'f:3: "inner.ref" is 010, which YAML reads as a number: quote it, "010"'],
    [
      'inner: { list: [a, true] }',
      'f:1: "inner.list.1" is true, which YAML reads as a boolean: quote it, "true"',
    ],
    [
      'parameters:\n  - ok=1\n  - kvm_intel.nested: 1',
      'f:3: "parameters.1" is "kvm_intel.nested: 1", which YAML reads as a map: write one text and quote it, "kvm_intel.nested=1"',
    ],
    ['name: {a: 1}', 'f:1: "name" is "a: 1", which YAML reads as a map: write one text and quote it, "a: 1"'],
    ['name: [a, b]', 'f:1: "name" is a list, where one text is needed'],
    ['name:', 'f:1: "name" is empty'],
    ['name: ~', 'f:1: "name" is empty'],
    ['name: a\nother: b', 'f:2: "other" is not a key of a thing'],
    ['inner:\n  ref: a\n  other: b', 'f:3: "inner.other" is not a key of a thing'],
    ['inner: some', 'f:1: "inner" is "some": no inner'],
    [
      'count: 99999999999999999999999999',
      expect.stringMatching(/^f:1: "count" is 99999999999999999999999999: /),
    ],
    ['count: "5"', 'f:1: "count" is "5": a number is needed, without quotes'],
    ['parameters: a=1', 'f:1: "parameters" is "a=1": a list is needed, as [one, two]'],
    ['parameters: {a: 1}', 'f:1: "parameters" is a map: a list is needed, as [one, two]'],
    ['- name', 'f:1: the file is a list: a map is needed, as { key: value }'],
    [`name: [a]\ncount: ${'x'.repeat(5000)}`, expect.stringMatching(/^.{0,300}$/s)],
    ['name: !!binary aGk=', 'f:1: "name" is aGk=, where one text is needed'],
    ['count: .nan', expect.stringMatching(/^f:1: "count" is \.nan: /)],
    ['count: 1e999', expect.stringMatching(/^f:1: "count" is 1e999: /)],
    ['- 1', expect.stringMatching(/^f:1: the file is a list: /)],
    ['only words', expect.stringMatching(/^f:1: the file is "only words": /)],
    ['\n__proto__: { x: 1 }', 'f:2: "__proto__" is not a key of a thing'],
    ['\nconstructor: 1', 'f:2: "constructor" is not a key of a thing'],
  ])('%j', (text, said) => {
    expect(faults(text)).toEqual(said);
  });
});

describe('an error of YAML itself has its line too', () => {
  test.each([
    ['name: a\nname: b', 'f:2: "name" is given twice'],
    ['inner:\n  ref: a\n  ref: b', 'f:3: "inner.ref" is given twice'],
    ['inner:\n  ref: "a', 'f:2: at "inner.ref": Missing closing "quote'],
    ['name:\n\t- a', 'f:2: at "name": Tabs are not allowed as indentation'],
    ['name: a\n---\nname: b', 'f:2: a second document begins here, and a file holds one'],
    ['name: !secret a', 'f:1: at "name": Unresolved tag: !secret'],
    ['name: [a', 'f:1: at "name": Flow sequence'],
    ['? [a, b]\n: c', 'f:1: With stringKeys, all keys must be strings'],
    ['name: *', 'f:1: at "name": Alias cannot be an empty string'],
    ['%YAML 1.1\n---\n<<: 5\nname: a', 'f:1: Merge sources must be maps'],
  ])('%j', (text, said) => {
    expect(faults(text)).toContain(said);
  });

  test('a file of another kind is reported in a few lines', () => {
    const said = faults('['.repeat(20_000));
    expect(said.split('\n').length).toBeLessThan(12);
    expect(said).toMatch(/and \d+ more$/);
  });
});

describe('an alias', () => {
  test('of nothing', () => {
    expect(faults('name: a\ninner:\n  list: [x, *nic]')).toBe(
      'f:3: "inner.list.1" is *nic, and nothing before it has the anchor &nic',
    );
  });

  test('of its own container', () => {
    expect(faults('inner: &a\n  list: [*a]')).toBe('f:2: "inner.list.0" is *a, which contains itself');
  });

  test('of an alias of an alias, many times over', () => {
    expect(faults(`a: &a ${ten('x')}\nb: &b ${ten('*a')}\nc: &c ${ten('*b')}\nname: *c`)).toBe(
      'f:4: "name" is *c, which stands for 1000 values through other aliases: at most 100 are possible',
    );
  });

  test('of a long list is the list, like a kernel configuration that two levels share', () => {
    const many = Array.from({ length: 500 }, (_, index) => `CONFIG_${index}=y`);
    const text = `parameters: &config [${many.join(', ')}]\ninner: { list: *config }`;
    expect(parseYaml(text, z.looseObject({ parameters: z.array(z.string()) }), 'thing')).toMatchObject({
      ok: true,
      value: { parameters: many, inner: { list: many } },
    });
  });

  test('of a long list, many times over', () => {
    const list = `[${Array.from({ length: 1000 }, () => 'x').join(', ')}]`;
    const aliases = Array.from({ length: 200 }, () => '*a').join(', ');
    expect(faults(`a: &a ${list}\nname: [${aliases}]`)).toBe(
      'f:2: "name.100" is *a, and the aliases up to it stand for 101000 values: at most 100000 are possible',
    );
  });

  test('of a few values is those values', () => {
    expect(parseYaml('inner: &a { ref: x }\nname: &n y\nparameters: [*n]', schema, 'thing')).toMatchObject({
      ok: true,
      value: { parameters: ['y'] },
    });
  });
});

describe('a file that is not text gives one reason', () => {
  test('a directory', () => {
    const directory = place();
    mkdirSync(directory);
    expect(() => readTextFile(directory)).toThrow('it is a directory');
  });

  test('bytes that are not UTF-8', () => {
    const file = place();
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
    expect(() => readTextFile(file)).toThrow('it is not text in UTF-8');
  });

  test('one without an end', () => {
    expect(() => readTextFile('/dev/zero')).toThrow('it is not a file');
  });

  test('one that is far too large', () => {
    const file = place();
    execFileSync('truncate', ['--size=1G', file]);
    expect(() => readTextFile(file)).toThrow('it is larger than');
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../lib/errors.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { findVariant, ownVariants } from './find-variant.ts';

function fileOf(text: string, name = 'mine.yaml'): string {
  const file = path.join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

test('the default is stock, which changes nothing', () => {
  const { description, ...rest } = findVariant();
  expect(rest).toEqual({ name: 'stock' });
  expect(description).toBeTypeOf('string');
});

test("all of nestbench's own variants can be read, and have a description", () => {
  expect(ownVariants()).toEqual(expect.arrayContaining(['stock', 'no-virtual-vmload']));
  for (const name of ownVariants()) {
    expect(findVariant(name)).toMatchObject({ name, description: expect.any(String) });
  }
});

test('a user’s file has its own name, and its paths are relative to it', () => {
  const file = fileOf(
    '{"kernel": {"patches": ["patches/a.patch"]}, "qemu": "qemu-system-x86_64"}',
    'longer-exits.json',
  );
  const directory = path.dirname(file);
  mkdirSync(path.join(directory, 'patches'));
  writeFileSync(path.join(directory, 'patches/a.patch'), '');
  writeFileSync(path.join(directory, 'qemu-system-x86_64'), '', { mode: 0o755 });
  expect(findVariant(file)).toEqual({
    name: 'longer-exits',
    kernel: { patches: [path.join(directory, 'patches/a.patch')] },
    qemu: path.join(directory, 'qemu-system-x86_64'),
  });
});

describe('is rejected, with the reason', () => {
  test.each([
    ['a wrong key', 'kernelParameter: {l1: [quiet]}', 'kernelParameter'],
    ['an unknown machine', 'kernelParameters: {l4: [quiet]}', 'l4'],
    ['two parameters in one', 'kernelParameters: {l1: ["a=1 b=2"]}', 'one word'],
    [
      "one of nestbench's own",
      'kernelParameters: {l1: [root=/dev/vdb]}',
      'nestbench sets this parameter itself',
    ],
    ['a line that is not an option', 'kernel: {config: [KVM=y]}', 'kernel.config.0'],
    ['a file that does not exist', 'kernel: {vmlinux: nowhere}', 'nowhere, which is not there'],
    ['a QEMU of another name', 'qemu: ./run-it', 'must begin with "qemu-system-"'],
    ['text that is not YAML', 'kernel: [', 'that can be read'],
  ])('%s', (_, text, why) => {
    const choose = (): unknown => findVariant(fileOf(text));
    expect(choose).toThrow(InputError);
    expect(choose).toThrow(why);
  });

  test('with its line and its key', () => {
    const file = fileOf('kernelParameters:\n  l1: [kvm_amd.nested: 1]\n');
    expect(() => findVariant(file)).toThrow(
      `${file}:2: "kernelParameters.l1.0" is "kvm_amd.nested: 1", which YAML reads as a map: write one text and quote it, "kvm_amd.nested=1"`,
    );
  });

  test.each([
    ['kernel:\n  vmlinux: nowhere', /:2: "kernel\.vmlinux" names .*\/nowhere, which is not there$/],
    ['kernel:\n  vmlinux: .', /:2: "kernel\.vmlinux" names .*, which is not a file$/],
    ['kernel:\n  vmlinux: 5', /:2: "kernel\.vmlinux" is 5, which YAML reads as a number: quote it, "5"$/],
    ['kernel:\n  patches:\n    - nowhere', /:3: "kernel\.patches\.0" names .*, which is not there$/],
    ['kernel: { patches: [""] }', /:1: "kernel\.patches\.0" names .*, which is not a file$/],
    ['\nqemu: ./qemu-system-none', /:2: "qemu" names .*, which is not there$/],
    ['kernel: { vmlinux: a, config: [CONFIG_X=y] }', /:1: "kernel" is a map: "vmlinux" is already built/],
    ['kernel: x', /:1: "kernel" is "x": a map is needed, as \{ key: value \}$/],
    ['kernelParameters: { l0: [] }', /:1: "kernelParameters\.l0" is a list: at least 1 entry is needed$/],
  ])('%j, with its line and its key', (text, why) => {
    expect(() => findVariant(fileOf(text))).toThrow(InputError);
    expect(() => findVariant(fileOf(text))).toThrow(why);
  });

  test('a QEMU that is not a program', () => {
    const file = fileOf('qemu: ./qemu-system-x86_64');
    writeFileSync(path.join(path.dirname(file), 'qemu-system-x86_64'), 'text', { mode: 0o644 });
    expect(() => findVariant(file)).toThrow(
      /:1: "qemu" names .*qemu-system-x86_64, which can't be executed$/,
    );
  });

  test.each([
    ['an alias of nothing', 'description: *nothing', /:1: "description" is \*nothing, and nothing before it/],
    ['an alias of itself', 'description: &a [*a]', /:1: "description\.0" is \*a, which contains itself/],
  ])('%s', (_, text, why) => {
    expect(() => findVariant(fileOf(text))).toThrow(InputError);
    expect(() => findVariant(fileOf(text))).toThrow(why);
  });

  test('a directory', () => {
    expect(() => findVariant(temporaryDirectory())).toThrow(/that can be read: it is a directory\./);
  });

  test('an unknown name, which lists the known ones', () => {
    expect(() => findVariant('nosuch')).toThrow(/no variant "nosuch".*no-virtual-vmload, stock/s);
  });

  test('another file called stock', () => {
    expect(() => findVariant(fileOf('qemu: x', 'stock.yaml'))).toThrow('can\'t be named "stock"');
  });
});

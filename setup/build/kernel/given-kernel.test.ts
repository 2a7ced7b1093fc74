import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { givenKernel } from './given-kernel.ts';

function fileOf(text: string): string {
  const file = path.join(temporaryDirectory(), 'vmlinux');
  writeFileSync(file, text, 'latin1');
  return file;
}

test('reports its own release', async () => {
  const vmlinux = fileOf('\u007FELF...\0Linux version 6.19.0-rc1-mine (me@here) (gcc 15) #1 SMP\0...');
  const { hash, ...kernel } = await givenKernel(vmlinux);
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(kernel).toEqual({ vmlinux, release: '6.19.0-rc1-mine', madeOf: { 'kernel build': hash } });
});

test.each([
  ['a bzImage', 'MZ\0Linux version 6.19.0 (', 'it is not an ELF file'],
  ['another program', '\u007FELF\0Linux version %s (', 'it does not contain "Linux version"'],
])('%s is rejected', async (_, text, why) => {
  await expect(givenKernel(fileOf(text))).rejects.toMatchObject({ code: 'NESTBENCH_UNKNOWN_VARIANT' });
  await expect(givenKernel(fileOf(text))).rejects.toThrow(why);
});

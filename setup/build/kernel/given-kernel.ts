/** A kernel that a user built: used unchanged, once its release is found in it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InputError } from '../../lib/errors.ts';
import type { Kernel } from './kernel.ts';

/** The banner in every Linux kernel: `Linux version 6.1.192-nestbench (root@host) ...`. */
const BANNER = /Linux version (\d\S+) /;

/**
 * The kernel in `vmlinux`, uncompressed and with a PVH entry (CONFIG_PVH=y).
 * @throws {InputError} NESTBENCH_UNKNOWN_VARIANT if the file is not one.
 */
export async function givenKernel(vmlinux: string): Promise<Kernel> {
  const bytes = await readFile(vmlinux);
  const isElf = bytes.subarray(0, 4).toString('latin1') === '\u007FELF';
  const release = BANNER.exec(bytes.toString('latin1'))?.[1];
  if (!isElf || release === undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `${vmlinux} is not an uncompressed Linux kernel: ${isElf ? 'it does not contain "Linux version"' : 'it is not an ELF file'}. Name the build's vmlinux, not its bzImage.`,
    );
  }
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { vmlinux, release, hash, madeOf: { 'kernel build': hash } };
}

/** The options that a kernel is configured with, and whether kconfig accepted them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestbedKind } from '../../../fixtures/image-formats.ts';
import type { Suite } from '../../../fixtures/variant.ts';

const SET = /^(CONFIG_\w+)=(.+)$/;
const UNSET = /^# (CONFIG_\w+) is not set$/;

/** Options that later versions of Linux have by another name: 7.3 made one of these two. */
const LATER_NAMES: ReadonlyMap<string, string> = new Map([['CONFIG_PROC_SYSCTL', 'CONFIG_SYSCTL']]);

/**
 * The options for the kernel of a suite's source, on a kind of testbed, a line each. Comments are left out: the text is
 * an input of the kernel's hash, and a reworded comment is not another kernel.
 */
export async function kernelConfig(suite: Suite, testbed: TestbedKind): Promise<string[]> {
  const names = [
    'kernel.config',
    ...(suite === 'bookworm' ? ['kernel-6.1.config'] : []),
    ...(testbed === 'physical' ? ['kernel-physical.config'] : []),
  ];
  const texts = names.map((name) => readFile(path.join(import.meta.dirname, name), 'utf8'));
  const lines = (await Promise.all(texts)).join('').split('\n');
  return lines.filter((line) => !isComment(line));
}

function isComment(line: string): boolean {
  return line === '' || (line.startsWith('#') && !UNSET.test(line));
}

/** Every option in the lines of a configuration, with its value; `n` if it is "not set". */
export function parseConfig(lines: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of lines) {
    const set = SET.exec(line);
    const unset = UNSET.exec(line);
    if (set?.[1] !== undefined && set[2] !== undefined) options.set(set[1], set[2]);
    else if (unset?.[1] !== undefined) options.set(unset[1], 'n');
  }
  return options;
}

/** Those of the options that later versions have by another name, by that name. */
export function byLaterName(options: readonly string[]): string[] {
  return [...parseConfig(options)].flatMap(([option, value]) => {
    const later = LATER_NAMES.get(option);
    return later === undefined ? [] : [`${later}=${value}`];
  });
}

/**
 * kconfig silently drops an option that it does not know, or whose dependencies are not met. One that the source has by a
 * later name counts by that.
 * @returns a line for each of the options that differs in the resulting .config.
 */
export function unmetOptions(options: readonly string[], config: string): string[] {
  const granted = parseConfig(config.split('\n'));
  const unmet: string[] = [];
  for (const [option, wanted] of parseConfig(options)) {
    // An option that nothing makes visible is missing in the .config, which is the same as not set.
    const found = granted.get(option) ?? granted.get(LATER_NAMES.get(option) ?? '') ?? 'n';
    if (found !== wanted) unmet.push(`${option}: requested ${wanted}, got ${found}`);
  }
  return unmet;
}

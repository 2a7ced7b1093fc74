/** Reads the JSON file of an earlier explanation. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { InputError } from '../../setup/lib/errors.ts';
import type { Places } from '../model/find-experiment.ts';
import { explanation, type Explanation } from './explanation.ts';

export const EXPLANATION_FILE = 'explain.json';

/**
 * @param name a folder under results/, or a path to one or to its file.
 * @returns undefined if there is nothing of that name.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if it is no explanation.
 */
export function readExplanation(name: string, { results, from }: Places): Explanation | undefined {
  const found = [path.join(results, name), path.resolve(from, name)].find((one) => existsSync(one));
  if (found === undefined) return undefined;
  const file = statSync(found).isDirectory() ? path.join(found, EXPLANATION_FILE) : found;
  let why = 'there is no such file';
  if (existsSync(file)) {
    const read = explanation.safeParse(parsed(readFileSync(file, 'utf8')));
    if (read.success) return read.data;
    why = z.prettifyError(read.error).split('\n')[0] ?? '';
  }
  throw new InputError('NESTBENCH_UNKNOWN_EXPERIMENT', `${file} is no result of npm run explain: ${why}.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One hash for one set of inputs, independent of the order of keys. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Everything that affects an artefact, as plain data. */
export type Inputs =
  | string
  | number
  | boolean
  | null
  | readonly Inputs[]
  | { readonly [key in string]?: Inputs };

/** 64 bits: enough for a directory of a few dozen artefacts, and short enough to read aloud. */
const HASH_DIGITS = 16;

/**
 * JSON with the keys of every object in the order of their code units (as in RFC 8785), so that equal data is equal
 * text.
 */
export function canonicalJson(value: Inputs): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).toSorted()) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

function isList(value: Inputs): value is readonly Inputs[] {
  return Array.isArray(value);
}

/** The first digits of the SHA-256 of the inputs. */
export function hashOf(inputs: Inputs): string {
  return sha256(canonicalJson(inputs)).slice(0, HASH_DIGITS);
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The files in a directory, by name: of each what `describe` makes of its bytes. */
export function filesIn(directory: string, describe: (bytes: Buffer) => string): Record<string, string> {
  const described = (name: string): string => describe(readFileSync(path.join(directory, name)));
  return Object.fromEntries(readdirSync(directory).map((name) => [name, described(name)]));
}

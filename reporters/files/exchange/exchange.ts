/** Where the formats of other people's tools stand. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { writeWhole } from '../../../setup/write-whole.ts';

/** Writes `name`, a path under the experiment's directory. @returns it, as an exporter does. */
export function writeExchange(name: string, directory: string, text: string): readonly string[] {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, text);
  return [name];
}

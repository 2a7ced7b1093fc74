/** A captured host (`npm run doctor -- --report`) as a directory used as `/`. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

/** The lines of a capture, without where they come from. */
export function capturedLines(name: 'amd' | 'intel'): string[] {
  const text = readFileSync(path.join(import.meta.dirname, `captured/host-${name}.txt`), 'utf8');
  return text.split('\n').filter((line) => line.startsWith('/'));
}

/** With a /dev/kvm that this user may open. */
export function capturedHost(name: 'amd' | 'intel'): string {
  return hostWith(['/dev/kvm: ', ...capturedLines(name)]);
}

/** @param lines as in a capture: `/path: content`. */
export function hostWith(lines: readonly string[]): string {
  const root = temporaryDirectory();
  for (const line of lines) {
    const [, name = '', content = ''] = /^\/(.+?): (.*)$/.exec(line) ?? [];
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    appendFileSync(file, `${content}\n`);
  }
  return root;
}

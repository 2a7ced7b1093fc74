/** The TypeScript files of the checkout, for tests of the whole tree. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** From the root of the checkout; also files that git does not track yet. */
export const SOURCE_FILES: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '');

export function isTest(file: string): boolean {
  return /\.(test|testing)\.ts$/.test(file);
}

/** What is said of a journal that the operating system refuses to write. Needs root, for small and read-only mounts. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

const MODULES = {
  journal: path.join(import.meta.dirname, 'journal.ts'),
  errors: path.resolve(import.meta.dirname, '../lib/errors.ts'),
};

/**
 * The sentence about a second record, in a mount namespace of its own. `$R` is the directory of the results: `before`
 * runs before the first record, and `body` between the two.
 */
function sentenceOf({ before = 'true', body = '' }: { before?: string; body?: string }): string {
  const directory = temporaryDirectory();
  const script = path.join(directory, 'script.ts');
  writeFileSync(
    script,
    `import fs from 'node:fs';
    import { execFileSync } from 'node:child_process';
    import { Journal } from '${MODULES.journal}';
    import { sentenceOf } from '${MODULES.errors}';
    const record = { type: 'skip', cell: 'l1-dvh', benchmark: 'mysql', reason: 'x'.repeat(2000) };
    const results = process.argv[2];
    const journal = new Journal(results);
    journal.append(record);
    ${body}
    try { for (let n = 0; n < 100; n++) journal.append(record); } catch (error) { console.log(sentenceOf(error)); }\n`,
  );
  const results = path.join(directory, 'results');
  const inside = `R="$2"; mkdir "$R"; ${before}; exec "$0" "$1" "$R"`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', 'bash', '-c', inside, process.execPath, script, results],
    { encoding: 'utf8' },
  );
  return `${stdout}${stderr}`.trim().replaceAll(results, 'RESULTS');
}

test.each([
  [
    'on a full disk',
    { before: 'mount -t tmpfs -o size=64k none "$R"' },
    /^(The disk of RESULTS\/journal\.ndjson is full\. Make room, then start again \(ENOSPC, write\)\.|Only \d+ bytes of a record reached .*: the disk is full\. .*)$/,
  ],
  [
    'on a disk that became read-only',
    {
      before: 'mount -t tmpfs none "$R"',
      body: `execFileSync('mount', ['-o', 'remount,bind,ro', results]);`,
    },
    /^The file system of RESULTS\/journal\.ndjson is read-only\. Remount it for writing, or choose another directory, then start again \(EROFS, open\)\.$/,
  ],
  [
    'that is as large as a file may be',
    { before: 'ulimit -f 8' },
    /^(RESULTS\/journal\.ndjson has the maximum size of a file\. Raise that with "ulimit -f unlimited", then start again \(EFBIG, write\)\.|Only \d+ bytes .*)$/,
  ],
  [
    'if too many files are open',
    {
      before: 'ulimit -n 64',
      body: `try { for (;;) fs.openSync('/dev/null'); } catch {}`,
    },
    /^This process has the maximum number of open files\. Raise that with "ulimit -n 4096", then start again \(EMFILE, open\)\.$/,
  ],
])('%s it is one sentence that says what to do', (_, given, sentence) => {
  expect(sentenceOf(given)).toMatch(sentence);
});

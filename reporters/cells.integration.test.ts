/** What a run prints of its benchmarks, by a real Vitest whose tests only say that they have measured. */
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';
import { TestJournal } from './model/journal.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const LINE = ' ✓ l1-baseline: hackbench 0.3050 ± 0.0050 s, 3 samples\n';

/** A suite of a cell; its second benchmark ends once `seen` is there, and its third fails. */
function suite(seen: string): string {
  return `
    import { existsSync } from 'node:fs';
    import { expect, test } from 'vitest';
    test('hackbench', ({ task }) => void (task.meta.measured = ['hackbench']));
    test('mysql', async ({ task }) => {
      await expect.poll(() => existsSync(${JSON.stringify(seen)}), { timeout: 60_000 }).toBe(true);
      task.meta.measured = ['mysql'];
    }, 90_000);
    test('apache', () => { throw new Error('the server died') });
    test.skip('memcached', () => {});`;
}

test('the number of a benchmark is printed while the next one runs, and only once', async () => {
  using journal = new TestJournal()
    .start()
    .samples('l1-baseline', 'hackbench', [0.303, 0.307, 0.305])
    .samples('l1-baseline', 'mysql', [0.9]);
  const directory = temporaryDirectory();
  const at = (name: string): string => path.join(directory, name);
  symlinkSync(path.join(ROOT, 'node_modules'), at('node_modules'));
  writeFileSync(at('l1.test.js'), suite(at('seen')));
  writeFileSync(
    at('vitest.config.js'),
    `export default { test: {
      provide: { experiment: ${JSON.stringify({ directory: journal.directory })} },
      reporters: [
        [${JSON.stringify(path.join(ROOT, 'reporters/cells.ts'))}, { summary: false }],
        [${JSON.stringify(path.join(ROOT, 'reporters/experiment.ts'))}, {}],
      ],
      projects: [{ test: { name: 'l1-baseline', include: ['l1.test.js'] } }],
    } };`,
  );
  const run = execa(process.execPath, [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: directory,
    env: { NODE_ENV: undefined, VITEST: undefined, NO_COLOR: '1', GITHUB_STEP_SUMMARY: undefined },
    reject: false,
  });
  let output = '';
  run.stdout.on('data', (chunk: Buffer) => {
    output += stripVTControlCharacters(chunk.toString());
    if (output.includes(LINE)) writeFileSync(at('seen'), '');
  });
  await run;
  expect(output).toContain(LINE);
  expect(output).toContain(' ✓ l1-baseline: mysql 0.9000 s, 1 sample\n');
  expect(output.split('\n').filter((line) => /^ +[✓×↓]/.test(line))).toEqual([
    LINE.trimEnd(),
    ' ✓ l1-baseline: mysql 0.9000 s, 1 sample',
    expect.stringMatching(/^ {3}× apache/),
    '   ↓ memcached',
  ]);
}, 120_000);

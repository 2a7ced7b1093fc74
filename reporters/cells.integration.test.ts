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

/** @returns what it printed; `onOutput` gets all of it so far. */
async function vitest(
  directory: string,
  projects: string,
  onOutput?: (output: string) => void,
): Promise<string> {
  const reporter = (name: string): string => JSON.stringify(path.join(ROOT, 'reporters', name));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'));
  writeFileSync(
    path.join(directory, 'vitest.config.js'),
    `export default { test: {
      reporters: [[${reporter('cells.ts')}, { summary: false }], [${reporter('experiment.ts')}, {}]],
      ${projects}
    } };`,
  );
  const run = execa(process.execPath, [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: directory,
    env: { NODE_ENV: undefined, VITEST: undefined, NO_COLOR: '1', GITHUB_STEP_SUMMARY: undefined },
    reject: false,
    all: true,
  });
  let output = '';
  run.all.on('data', (chunk: Buffer) => {
    output += stripVTControlCharacters(chunk.toString());
    onOutput?.(output);
  });
  await run;
  return output;
}

test('the number of a benchmark is printed while the next one runs, and only once', async () => {
  using journal = new TestJournal()
    .start()
    .samples('l1-baseline', 'hackbench', [0.303, 0.307, 0.305])
    .samples('l1-baseline', 'mysql', [0.9]);
  const directory = temporaryDirectory();
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(at('l1.test.js'), suite(at('seen')));
  const output = await vitest(
    directory,
    `provide: { experiment: ${JSON.stringify({ directory: journal.directory })} },
    projects: [{ test: { name: 'l1-baseline', include: ['l1.test.js'] } }],`,
    (soFar) => {
      if (soFar.includes(LINE)) writeFileSync(at('seen'), '');
    },
  );
  expect(output).toContain(LINE);
  expect(output).toContain(' ✓ l1-baseline: mysql 0.9000 s, 1 sample\n');
  expect(output.split('\n').filter((line) => /^ +[✓×↓]/.test(line))).toEqual([
    LINE.trimEnd(),
    ' ✓ l1-baseline: mysql 0.9000 s, 1 sample',
    expect.stringMatching(/^ {3}× apache/),
    '   ↓ memcached',
  ]);
}, 120_000);

test('a journal that is gone is told in one sentence, and fails the run', async () => {
  using journal = new TestJournal().start().samples('l1-baseline', 'hackbench', [0.303]);
  const directory = temporaryDirectory();
  writeFileSync(
    path.join(directory, 'l1.test.js'),
    `import { rmSync } from 'node:fs';
    import { test } from 'vitest';
    test('hackbench', ({ task }) => {
      rmSync(${JSON.stringify(path.join(journal.directory, 'journal.ndjson'))});
      task.meta.measured = ['hackbench'];
    });`,
  );
  const output = await vitest(
    directory,
    `provide: { experiment: ${JSON.stringify({ directory: journal.directory })} },
    projects: [{ test: { name: 'l1-baseline', include: ['l1.test.js'] } }],`,
  );
  expect(output).toContain(
    `There is no table, and no files are written. The journal of this run is gone from ${journal.directory}.`,
  );
  expect(output).not.toContain('Unhandled');
}, 120_000);

test('a skipped test of nestbench itself is printed with its reason, and none of a cell', async () => {
  const directory = temporaryDirectory();
  writeFileSync(
    path.join(directory, 'some.test.js'),
    `import { test } from 'vitest';
    test('runs', () => {});
    test('needs an engine', ({ skip }) => skip(true, 'there is no engine'));
    test.skip('has no browser (needs chromium)', () => {});`,
  );
  const output = await vitest(
    directory,
    `projects: [
      { test: { name: 'l1-baseline', include: ['some.test.js'], provide: { cell: {} } } },
      { test: { name: 'unit', include: ['some.test.js'] } },
    ],`,
  );
  const lines = output.split('\n');
  expect(lines.filter((line) => line.includes('↓'))).toEqual([
    expect.stringMatching(/^ +↓ needs an engine .*\[there is no engine\]$/),
    '   ↓ has no browser (needs chromium)',
  ]);
}, 120_000);

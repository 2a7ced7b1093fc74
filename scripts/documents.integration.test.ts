/** README.md, CONTRIBUTING.md and docs: what they show of the scripts is what these accept and print. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { blocksOf, DOCUMENTS, ROOT, SCRIPTS } from './cli/documents.testing.ts';

test('the example of a plan is what the script prints', () => {
  const words = ['scripts/plan.ts', 'l2-baseline', '--testbed', 'testbed.example.yaml'];
  const { stdout } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' });
  const [example = ''] = blocksOf('docs/physical-testbed.md', 'text');
  expect(stdout).toContain(example);
});

test.each(DOCUMENTS)('$file shows only existing npm scripts and their options', ({ commands }) => {
  const wrong = commands
    .filter(({ words: [program, verb] }) => program === 'npm' && verb === 'run')
    .flatMap(({ text, words: [, , name = '', ...rest] }) => {
      if (SCRIPTS[name] === undefined) return [text];
      const help = helpOf(name);
      const options = rest.filter((word) => word !== '--' && word.startsWith('-'));
      return options.every((option) => help.includes(option.split('=')[0] ?? '')) ? [] : [text];
    });
  expect(wrong).toEqual([]);
});

const helps = new Map<string, string>();

/** What a script prints for --help; the command itself for npm scripts that run another program. */
function helpOf(name: string): string {
  const known = helps.get(name);
  if (known !== undefined) return known;
  const [, file] = / (scripts\/\S+)$/.exec(SCRIPTS[name] ?? '') ?? [];
  const help =
    file === undefined
      ? (SCRIPTS[name] ?? '')
      : spawnSync(process.execPath, [file, '--help'], { cwd: ROOT, encoding: 'utf8' }).stdout;
  helps.set(name, help);
  return help;
}

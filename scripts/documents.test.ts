/** README.md, CONTRIBUTING.md and docs: the files, commands, runs and variables that they show exist. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCLI, parseCLI } from 'vitest/node';
import { parse } from 'yaml';
import { BENCHMARKS } from '../fixtures/benchmarks/index.ts';
import { CONFIGURATIONS } from '../fixtures/configurations/index.ts';
import { PROFILE_NAMES } from '../fixtures/profiles.ts';
import { EXPORTERS } from '../reporters/exporters.ts';
import { variantContent } from '../fixtures/variant.ts';
import { resolveSettings } from '../setup/run/settings.ts';
import { blocksOf, documentAt, DOCUMENTS, ROOT, SCRIPTS } from './cli/documents.testing.ts';

const README = documentAt('README.md');

/** All environment variables: those that the settings read, and two that are read elsewhere. */
const VARIABLES = [...askedBySettings(), 'HISTORY', 'JUNIT'];

function askedBySettings(): string[] {
  const asked = new Set<string>();
  const environment = new Proxy<NodeJS.ProcessEnv>(
    {},
    {
      get: (_, name) => {
        asked.add(String(name));
        return undefined;
      },
    },
  );
  resolveSettings(environment, new Date());
  return [...asked];
}

test('README stays short', () => {
  expect(Buffer.byteLength(README.text)).toBeLessThanOrEqual(12 * 1024);
});

test('README shows no output with a value over its limit', () => {
  expect(README.text).not.toContain('OVER THE LIMIT');
});

test('README links every page', () => {
  const pages = DOCUMENTS.map(({ file }) => file).filter((file) => file.startsWith('docs/'));
  expect(README.links).toEqual(expect.arrayContaining(pages));
});

test("README's table has every environment variable, and no other", () => {
  const [, table = ''] = README.text.split('## Environment variables');
  const rows = [...table.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name);
  expect(new Set(rows)).toEqual(new Set(VARIABLES));
});

test.each([
  ['docs/benchmarks.md', BENCHMARKS.map(({ name }) => name)],
  ['docs/benchmarks.md', PROFILE_NAMES],
  ['docs/results.md', EXPORTERS.map(({ name }) => name.replace(/^exchange\/.*/, 'exchange'))],
  ['docs/configurations.md', CONFIGURATIONS.map(({ name }) => name)],
])('%s names each of %j', (file, names) => {
  const { text } = documentAt(file);
  for (const name of names) expect(text).toMatch(new RegExp(String.raw`(?<![\w-])${name}(?![\w-])`));
});

test('CONTRIBUTING names every folder of setup and reporters, and every npm script for developers', () => {
  const { spans } = documentAt('CONTRIBUTING.md');
  const folders = globSync('{setup,reporters}/*/', { cwd: ROOT }).map((folder) => `${folder}/`);
  expect(spans).toEqual(expect.arrayContaining(folders));
  const names = Object.keys(SCRIPTS).filter((name) => /^(test|bench|format|types|lint)/.test(name));
  expect(spans).toEqual(
    expect.arrayContaining(names.map((name) => (name === 'test' ? 'npm test' : `npm run ${name}`))),
  );
});

test('the example of a variant is one', () => {
  const examples = blocksOf('docs/comparing.md', 'yaml');
  expect(examples.map((text) => variantContent.safeParse(parse(text)).error)).toEqual([undefined]);
});

test('the example of a configuration is what its file says', () => {
  const [example = ''] = blocksOf('docs/configurations.md', 'ts');
  expect(readFileSync(path.join(ROOT, 'fixtures/configurations/vp-idle.ts'), 'utf8')).toContain(example);
});

test('comments and messages name only existing pages', () => {
  const found = execFileSync(
    'git',
    ['grep', '-hoE', 'docs/[a-z0-9-]+[.]md', '--', '*.ts', '*.yaml', '*.yml'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  const pages = new Set(found.trim().split('\n'));
  expect([...pages].filter((page) => !existsSync(path.join(ROOT, page)))).toEqual([]);
});

describe.each(DOCUMENTS)('$file', ({ file, links, spans, commands }) => {
  test('links only to existing files and headings', () => {
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [name = '', anchor] = link.split('#');
      const target = name === '' ? file : path.join(path.dirname(file), name);
      if (!existsSync(path.join(ROOT, target))) return true;
      return anchor !== undefined && !documentAt(target).anchors.has(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('names only existing files', () => {
    const named = spans.filter((span) =>
      /^(\.ci|\.github|docs|fixtures|reporters|scripts|setup|suites)\/[\w./*{},-]*$/.test(span),
    );
    expect(named.filter((name) => globSync(name, { cwd: ROOT }).length === 0)).toEqual([]);
  });

  test('starts only existing programs of this checkout', () => {
    const programs = commands
      .map(({ words: [program = ''] }) => program)
      .filter((program) => /^\.?\w[^/]*\//.test(program));
    expect(programs.filter((program) => !existsSync(path.join(ROOT, program)))).toEqual([]);
  });

  test('sets only known environment variables', () => {
    expect(VARIABLES).toEqual(expect.arrayContaining(commands.flatMap(({ variables }) => variables)));
  });

  test('shows only runs that Vitest accepts', async () => {
    const { default: configuration } = await import('../vitest.config.ts');
    const projects = JSON.stringify(configuration.test?.projects);
    const wrong = commands
      .filter(({ words: [program, verb] }) => program === 'npx' && verb === 'vitest')
      .filter(({ words }) => {
        // parseCLI takes any option; Vitest itself does not.
        const cli = createCLI();
        cli.parse(['node', ...words.slice(1)], { run: false });
        cli.matchedCommand?.checkUnknownOptions();
        const { filter, options } = parseCLI(words.slice(1));
        const { project = [], testNamePattern: pattern } = options;
        return !(
          filter.every((suite) => existsSync(path.join(ROOT, suite))) &&
          [project]
            .flat()
            .every((name) => projects.search(`"name":"${name.replaceAll('*', '[^"]*')}"`) >= 0) &&
          (pattern === undefined || BENCHMARKS.some(({ name }) => name.search(pattern) >= 0))
        );
      });
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });
});

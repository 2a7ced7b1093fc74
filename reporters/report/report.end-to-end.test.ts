/** The report in a real browser: with a keyboard, a screen reader, a phone and a printer. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootedJournal, partialJournal } from '../model/experiment.testing.ts';
import { writeFiles } from '../exporters.ts';
import type { TestJournal } from '../model/journal.testing.ts';
import { launch, type Seen, show, whyNoChromium } from './chromium.testing.ts';
import { reportJournal } from './report.testing.ts';

/** Part of a page's globals that Node lacks. TypeScript's `dom` would add them to all of nestbench's code. */
declare const DOMParser: new () => {
  parseFromString(
    text: string,
    type: string,
  ): {
    documentElement: { tagName: string };
    querySelectorAll(selector: string): { length: number };
    getElementById(id: string): object | null;
  };
};
declare const Image: new () => { src: string; naturalWidth: number; decode(): Promise<void> };

describe.skipIf(whyNoChromium !== undefined)(
  `in chromium${whyNoChromium ? `: ${whyNoChromium}` : ''}`,
  () => {
    let browser: Browser;
    let journals: { part: TestJournal; whole: TestJournal; bare: TestJournal };

    beforeAll(async () => {
      journals = { part: reportJournal(), whole: bootedJournal(), bare: partialJournal() };
      for (const journal of Object.values(journals)) writeFiles(journal.results, journal.directory);
      browser = await launch();
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      for (const journal of Object.values(journals)) journal[Symbol.dispose]();
    });

    const open = (which: keyof typeof journals, options = {}): Promise<Seen> =>
      show(browser, path.join(journals[which].directory, 'report.html'), options);
    const fileOf = (which: keyof typeof journals, name: string): string =>
      readFileSync(path.join(journals[which].directory, name), 'utf8');

    test.each(['part', 'whole'] as const)(
      '%s: the page fetches nothing, logs no errors and runs no scripts',
      async (which) => {
        await using seen = await open(which);
        expect(await seen.page.title()).toContain('nestbench');
        expect(await seen.page.locator('h1').count()).toBe(1);
        expect(await seen.page.locator('script').count()).toBe(0);
        expect(seen.complaints).toEqual([]);
        expect(seen.requests).toEqual([]);
      },
    );

    test('it is complete without JavaScript too', async () => {
      await using seen = await open('part', { javaScriptEnabled: false });
      await seen.page
        .getByRole('img', { name: 'Figure 5. Overhead at L1 and L2' })
        .waitFor({ state: 'visible' });
      expect(seen.complaints).toEqual([]);
    });

    test('emulated hardware is announced before any number, and only if it was emulated', async () => {
      await using part = await open('part');
      await using whole = await open('whole');
      expect(await part.page.locator('header .banner').innerText()).toContain('Emulated hardware');
      expect(await whole.page.locator('.banner').count()).toBe(0);
    });

    test.each(['figure-5', 'figure-6', 'figure-additional'])(
      'the numbers of %s match those of its CSV file',
      async (name) => {
        await using seen = await open('whole');
        const rows = await numbersIn(seen.page, `.figure:has(> #${name}) table`);
        const filed = fieldsOf(fileOf('whole', `${name}.csv`));
        expect(rows).toEqual(
          filed.map((row) => [row['overhead'], row['ratio_of_means'], row['low_95'], row['high_95']]),
        );
        expect(rows.flat()).toHaveLength(4 * filed.length);
        expect(rows.flat().every((value) => Number(value) > 0)).toBe(true);
      },
    );

    test('a missing number is empty, with the same reason as in the file', async () => {
      await using seen = await open('part');
      const table = seen.page.locator('.figure:has(> #figure-5) table');
      const cells = await table
        .locator('tbody tr')
        .evaluateAll((rows) =>
          rows.map((row) =>
            [...row.querySelectorAll('td')].map((cell) => [cell.textContent, cell.innerHTML]),
          ),
        );
      const filed = fieldsOf(fileOf('part', 'figure-5.csv'));
      expect(cells).toHaveLength(filed.length);
      for (const [index, row] of filed.entries()) {
        expect(cells[index]?.[1]?.[1] === '').toBe(row['overhead'] === '');
        expect(cells[index]?.at(-1)?.[0]).toBe(row['reason']);
      }
      expect(filed.filter(({ overhead }) => overhead === '').length).toBeGreaterThan(0);
    });

    test('the numbers of table 4, exits and phases match those of their CSV files', async () => {
      await using whole = await open('whole');
      const shown = await numbersIn(whole.page, '.table-4');
      const table4 = fieldsOf(fileOf('whole', 'table-4.csv'));
      // The page has a row per cell, the file a row per benchmark and cell.
      expect(new Set(shown.flat())).toEqual(new Set(table4.map(({ best }) => best)));
      expect(shown.flat()).toHaveLength(table4.length);
      await using part = await open('part');
      const exits = await numbersIn(part.page, '.figure:has(> #exits-per-operation) table');
      expect(exits).toEqual(
        fieldsOf(fileOf('part', 'exits.csv'))
          .filter(({ counter }) => counter === 'exits')
          .map((row) => [row['per_second'], row['per_operation']]),
      );
      const totals = (await numbersIn(part.page, '.figure:has(> #phases) table')).map((row) => row.at(-1));
      expect(totals).toEqual(
        fieldsOf(fileOf('part', 'phases.csv')).flatMap((row) =>
          row['phase'] === 'all' ? row['seconds'] : [],
        ),
      );
    });

    test('every figure can be downloaded: as the same CSV as the file, and as a standalone drawing', async () => {
      await using seen = await open('whole');
      const { page } = seen;
      const names = await page
        .locator('.downloads a')
        .evaluateAll((links) => links.map((each) => each.getAttribute('download')));
      expect(names).toEqual(
        expect.arrayContaining(['figure-5.svg', 'figure-5.csv', 'figure-6.svg', 'table-4.csv']),
      );
      for (const name of ['figure-5.csv', 'figure-6.csv', 'figure-additional.csv', 'table-4.csv']) {
        expect(await download(page, name)).toBe(fileOf('whole', name));
      }
      expect(await download(page, 'figure-5.svg')).toBe(await linked(page, 'figure-5.svg'));
      for (const name of names.filter((each) => each?.endsWith('.svg') === true)) {
        const svg = await linked(page, name ?? '');
        expect(svg).not.toMatch(/var\(|currentColor|<style/);
        expect({ name, ...(await drawable(page, svg)) }).toEqual({
          name,
          root: 'svg',
          broken: 0,
          ids: true,
          wide: true,
        });
      }
    }, 60_000);

    test.each([
      { which: 'part', colorScheme: 'light' },
      { which: 'part', colorScheme: 'dark' },
      { which: 'bare', colorScheme: 'light' },
    ] as const)(
      'axe finds no problems in $which, $colorScheme and unfolded',
      async ({ which, colorScheme }) => {
        await using seen = await open(which, { colorScheme, bypassCSP: true });
        await unfold(seen.page);
        await seen.page.evaluate(axe.source);
        const { violations, passes } = await seen.page.evaluate<AxeResults>('axe.run()');
        expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
        expect(passes.map(({ id }) => id)).toEqual(
          expect.arrayContaining(['color-contrast', 'svg-img-alt', 'region']),
        );
      },
      60_000,
    );

    test('by keyboard: past the links, into a fold, to a download', async () => {
      await using seen = await open('part');
      const { page } = seen;
      const focused = () => page.evaluate<string>('document.activeElement.textContent');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Skip to the results');
      await expectInView(page, '.skip');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('SVG');
      const [kept] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
      expect(kept.suggestedFilename()).toBe('figure-5.svg');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      expect(await focused()).toContain('Numbers of');
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline).not.toBe('none');
      const table = page.locator('.figure:has(> #figure-5) table');
      expect(await table.isVisible()).toBe(false);
      await page.keyboard.press('Enter');
      expect(await table.isVisible()).toBe(true);
    });

    test('a screen reader reads the title, a description and the numbers of each figure', async () => {
      await using seen = await open('part');
      const figure = seen.page.getByRole('img', {
        name: /Figure 5\. Overhead at L1 and L2 Bar chart of \d+ overheads/,
      });
      expect(await figure.count()).toBe(1);
      expect(await seen.page.getByRole('main').count()).toBe(1);
      expect(await seen.page.getByRole('navigation', { name: 'Sections' }).count()).toBe(1);
      const levels = await seen.page
        .locator('h1,h2,h3,h4')
        .evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
      expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
    });

    test.each([
      { which: 'part', width: 390 },
      { which: 'part', width: 1366 },
      { which: 'bare', width: 390 },
      { which: 'bare', width: 1366 },
      { which: 'whole', width: 390 },
      { which: 'whole', width: 800 },
      { which: 'whole', width: 1366 },
    ] as const)(
      '$which at $width pixels: nothing overflows, and no words of a figure are cut or overlap',
      async ({ which, width }) => {
        await using seen = await open(which, { viewport: { width, height: 900 } });
        expect(await seen.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        const { cut, clashing, words } = await lookAtWords(seen.page);
        expect(cut).toEqual([]);
        expect(clashing).toEqual([]);
        expect(words).toBeGreaterThan(50);
      },
    );

    test('on paper: always light, without links, in the width for paper', async () => {
      await using seen = await open('part', { colorScheme: 'dark', viewport: { width: 688, height: 1000 } });
      const { page } = seen;
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      );
      expect(await page.locator('.downloads').first().isVisible()).toBe(false);
      expect(await page.locator('.medium svg').first().isVisible()).toBe(true);
      expect(await page.locator('.wide svg').first().isVisible()).toBe(false);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(688);
      const { cut } = await lookAtWords(page);
      expect(cut).toEqual([]);
    });
  },
);

/** The `<data>` values of a table's rows, row by row. */
async function numbersIn(page: Page, table: string): Promise<string[][]> {
  return page
    .locator(`${table} tbody tr`)
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('data')].map((data) => data.value)));
}

/** The rows of a CSV text, by its headings. */
function fieldsOf(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n"]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  const [headings = [], ...others] = rows.slice(0, -1);
  return others.map((row) =>
    Object.fromEntries(headings.map((heading, index) => [heading, row[index] ?? ''])),
  );
}

/**
 * What a link contains. Chromium blocks a page at its eleventh download within a moment, which nobody clicks by hand.
 */
async function linked(page: Page, name: string): Promise<string> {
  const href = await page.locator(`a[download="${name}"]`).getAttribute('href');
  return Buffer.from(/;base64,(.*)$/.exec(href ?? '')?.[1] ?? '', 'base64').toString();
}

async function download(page: Page, name: string): Promise<string> {
  const [kept] = await Promise.all([
    page.waitForEvent('download'),
    page.locator(`a[download="${name}"]`).click(),
  ]);
  expect(kept.suggestedFilename()).toBe(name);
  return readFileSync(await kept.path(), 'utf8');
}

/** Whether a browser accepts the text as a drawing: as XML, with all patterns that it refers to, and as an image. */
async function drawable(page: Page, svg: string) {
  return page.evaluate(async (text) => {
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
    const used = [...text.matchAll(/url\(#([^)]+)\)/g)].map(([, id]) => id ?? '');
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
    await image.decode();
    return {
      root: parsed.documentElement.tagName,
      broken: parsed.querySelectorAll('parsererror').length,
      ids: used.every((id) => parsed.getElementById(id) !== null),
      wide: image.naturalWidth > 100,
    };
  }, svg);
}

async function unfold(page: Page): Promise<void> {
  await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
}

async function expectInView(page: Page, selector: string): Promise<void> {
  const box = await page.locator(selector).boundingBox();
  expect(box?.x).toBeGreaterThanOrEqual(0);
}

/** The words of the visible figures that are beyond their drawing's edge, and pairs that overlap. */
async function lookAtWords(page: Page): Promise<{ cut: string[]; clashing: string[]; words: number }> {
  return page.locator('figure svg').evaluateAll((drawings) => {
    const cut: string[] = [];
    const clashing: string[] = [];
    let words = 0;
    for (const svg of drawings) {
      const frame = svg.getBoundingClientRect();
      if (frame.width === 0) continue;
      const texts = [...svg.querySelectorAll('text')].map((text) => ({
        said: text.textContent?.trim() ?? '',
        box: text.getBoundingClientRect(),
      }));
      words += texts.length;
      for (const [index, { said, box }] of texts.entries()) {
        if (
          box.left < frame.left - 1 ||
          box.right > frame.right + 1 ||
          box.top < frame.top - 2 ||
          box.bottom > frame.bottom + 2
        )
          cut.push(said);
        for (const other of texts.slice(index + 1)) {
          const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
          const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
          // A line's box has room above and below its letters.
          if (across > 1 && down > 4) clashing.push(`${said} / ${other.said}`);
        }
      }
    }
    return { cut, clashing, words };
  });
}

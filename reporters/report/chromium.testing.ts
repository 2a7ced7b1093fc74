/** A real browser for tests: Debian's chromium, headless. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why the tests that need a browser can't run; undefined if they can. */
export const whyNoChromium = existsSync(CHROMIUM)
  ? undefined
  : `there is no ${CHROMIUM} (apt-get install chromium)`;

export interface Seen extends AsyncDisposable {
  readonly page: Page;
  /** What the console printed, and exceptions. */
  readonly complaints: string[];
  /** Requests other than the page itself, answered or not. */
  readonly requests: string[];
}

export async function launch(): Promise<Browser> {
  // As root, as in containers, chromium only runs without its sandbox. It only opens nestbench's own pages.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** Opens a file in a new page. */
export async function show(
  browser: Browser,
  file: string,
  options: BrowserContextOptions = {},
): Promise<Seen> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`file://${file}`);
  requests.splice(requests.indexOf(`file://${file}`), 1);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
}

/**
 * The report: everything in an experiment's journal, on one page in one file. It has no scripts and fetches nothing,
 * and its policy forbids both; it can be read, printed and kept anywhere.
 */
import type { Results } from '../model/experiment-results.ts';
import { environment } from './environment-section.ts';
import { exitCostsSection } from './exit-costs-section.ts';
import { exits } from './exits-section.ts';
import { html } from './html.ts';
import { overheads } from './overheads-section.ts';
import { banner, caveats, overview } from './overview-section.ts';
import { pageHead } from './page-head.ts';
import { samples } from './samples-section.ts';
import { table4 } from './table-4-section.ts';
import { times } from './times-section.ts';
import { values } from './values-section.ts';

const SECTIONS = [
  ['overview', 'Overview'],
  ['values', 'Values'],
  ['overheads', 'Overhead'],
  ['table-4', 'Table 4'],
  ['samples', 'Samples'],
  ['exits', 'Exits'],
  ['exit-costs', 'Exit multiplication'],
  ['times', 'Time'],
  ['caveats', 'Failures and fairness'],
  ['environment', 'Environment'],
] as const;

export function reportHtml(results: Results): string {
  const name = results.experiment ?? 'unknown experiment';
  const ofValues = values(results);
  const sections = SECTIONS.filter(([id]) => id !== 'values' || ofValues !== null);
  const page = html`<!doctype html>
    <html lang="en">
      ${pageHead(name)}
      <body>
        <a class="skip" href="#main">Skip to the results</a>
        <header>
          <h1>${name}</h1>
          <p>What nested virtualization costs, measured by nestbench.</p>
          ${banner(results)}
        </header>
        <nav class="toc" aria-label="Sections">
          <ul>
            ${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}
          </ul>
        </nav>
        <main id="main" tabindex="-1">
          ${overview(results)} ${ofValues} ${overheads(results)} ${table4(results)} ${samples(results)}
          ${exits(results)} ${exitCostsSection(results)} ${times(results)} ${caveats(results)}
          ${environment(results)}
        </main>
        <footer>
          <p>
            Generated from the experiment’s journal, <code>journal.ndjson</code>. To generate it again:
            <code>npm run report -- EXPERIMENT</code>.
          </p>
        </footer>
      </body>
    </html> `;
  return page.markup;
}

/** `report.html`: the whole experiment as one page for a browser, without a network. */
import { reportHtml } from './page.ts';
import { textFile } from '../files/exporter.ts';

export const reportFile = textFile('report.html', (results) => reportHtml(results));

/** `report.html`: the whole experiment as one page that a browser shows without any network. */
import { reportHtml } from '../report/report.ts';
import { textFile } from './exporter.ts';

export const reportFile = textFile('report.html', (results) => reportHtml(results));

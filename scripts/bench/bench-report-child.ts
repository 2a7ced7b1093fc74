/** What the end of a run does with a journal. The last line of its output is its maximum resident memory in bytes. */
import { writeFiles } from '../../reporters/exporters.ts';
import { loadResults } from '../../reporters/model/load.ts';
import { summaryOf } from '../../reporters/analysis/summary.ts';
import { summaryText } from '../../reporters/terminal/summary-text.ts';
import { terminalOptions } from '../../reporters/terminal/terminal.ts';

const [directory = ''] = process.argv.slice(2);
const { results } = loadResults(directory);
console.log(summaryText(summaryOf(results), terminalOptions()));
writeFiles(results, directory);
// maxRSS is in kibibytes.
console.log(process.resourceUsage().maxRSS * 1024);

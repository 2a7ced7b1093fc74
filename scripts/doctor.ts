/** `npm run doctor`: checks the requirements of a run on the testbed, prints what to fix, and changes nothing. */
import path from 'node:path';
import { styleText } from 'node:util';
import { count } from '../setup/lib/count.ts';
import { captureHost } from '../setup/testbed/capture-host.ts';
import { examinePlaces, type Finding } from '../setup/testbed/diagnose.ts';
import { hostVirtualization } from '../setup/testbed/host-resources.ts';
import { loadTestbed, testbedKind } from '../setup/testbed/testbeds.ts';
import { textTable } from '../setup/lib/text-table.ts';
import { parseArguments } from './cli/arguments.ts';
import { runScript } from './cli/run-script.ts';
import { selectedTestbed } from './cli/testbed-option.ts';

const USAGE = 'npm run doctor [-- --testbed FILE | --report]';
const REPORT =
  '--report prints what this host says about its CPU, its KVM and its limits, to be sent with a question.';
const EXIT_CODES =
  'Exit code: 0 if a run can start, 1 if something must be fixed first, 2 if the checks could not run.';

const MARKS = {
  right: ['green', 'ok'],
  'some cells': ['yellow', 'some cells'],
  unquiet: ['yellow', 'noisy'],
  possible: ['yellow', 'optional'],
  wrong: ['red', 'WRONG'],
} as const satisfies Record<Finding['verdict'], readonly [string, string]>;

await runScript(`${USAGE}\n${REPORT}\n${EXIT_CODES}`, async () => {
  const { values } = parseArguments(
    {
      options: { testbed: { type: 'string' }, report: { type: 'boolean', default: false } },
    },
    USAGE,
  );
  if (values.report) {
    console.log(captureHost(await hostVirtualization()));
    return;
  }
  const name = selectedTestbed(values.testbed);
  const testbed = await loadTestbed(testbedKind(name));
  const findings = [
    ...examinePlaces(path.resolve(process.env['RESULTS'] || 'results'), process.env['JUNIT']),
    ...(await testbed.doctor(name, new AbortController().signal)),
  ];
  console.log(table(findings));
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong').length;
  console.log(wrong === 0 ? 'A run can start.' : `${count(wrong, 'problem')} to fix before a run.`);
  process.exitCode = wrong === 0 ? 0 : 1;
});

/** One line for each. For problems, a second line says what is needed and how to fix it. */
function table(findings: readonly Finding[]): string {
  const rows = findings.flatMap(({ machine, check, verdict, found, needed, fix }) => {
    const [colour, mark] = MARKS[verdict];
    const shown = styleText(colour, mark.padEnd(10), { stream: process.stdout });
    const row = [machine, check, `${shown}  ${found}`];
    return verdict === 'right' ? [row] : [row, ['', '', `needed: ${needed}`], ['', '', `fix: ${fix}`]];
  });
  return textTable(rows).join('\n');
}

/** What is said of a QEMU that ended under its machine. */
import { NestbenchError } from '../lib/errors.ts';
import type { MachinePlan } from './machine-plan.ts';

/** How a QEMU ended, as far as that is known: of one that another process started, only that it did. */
export interface QemuEnd {
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** The end of its standard output and error. */
  readonly said?: string;
}

/** QEMU's prefix of warnings (warn_report in util/error-report.c). It goes on after a warning, so a warning is not why it ended. */
const WARNING = /^[^:]+: warning: /;

/** @param console the end of its guest's console, where there is one. */
export function died(
  { name, runsOn }: Pick<MachinePlan, 'name' | 'runsOn'>,
  end: QemuEnd,
  console?: string,
): NestbenchError {
  const said = end.said ?? '';
  return new NestbenchError(
    'NESTBENCH_GUEST_DIED',
    'infrastructure',
    `The QEMU that runs ${name} on ${runsOn} ${how(end, runsOn)}. ${lastWords(said)}`,
    { machine: name, output: console ?? said },
  );
}

function how({ exitCode, signal }: QemuEnd, runsOn: string): string {
  if (signal === 'SIGKILL')
    return `was killed by SIGKILL: by somebody, or by the kernel when memory ran out (dmesg on ${runsOn} shows)`;
  if (typeof signal === 'string') return `was ended by ${signal}`;
  return typeof exitCode === 'number' ? `exited with ${exitCode}` : 'ended';
}

function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const words = lines.filter((line) => !WARNING.test(line));
  if (words.length > 0) return `It said: ${words.join('\n')}`;
  return lines.length > 0 ? 'It said nothing but warnings.' : 'It said nothing.';
}

/** The error of a QEMU that ended under its machine, and its words. */
import { NestbenchError } from '../lib/errors.ts';
import type { MachinePlan } from './machine-plan.ts';

/** How a QEMU ended, as far as known: for one that another process started, only that it did. */
export interface QemuEnd {
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** The end of its standard output and error. */
  readonly said?: string;
}

/** QEMU's prefix of warnings (warn_report in util/error-report.c). QEMU continues after a warning, so a warning is not why it ended. */
const WARNING = /^[^:]+: warning: /;

/** The QEMU of a machine ended while the machine was needed. */
export class GuestDiedError extends NestbenchError {
  override readonly code = 'NESTBENCH_GUEST_DIED';
  override readonly kind = 'infrastructure';
  constructor(facts: {
    readonly plan: Pick<MachinePlan, 'name' | 'runsOn'>;
    readonly end: QemuEnd;
    /** The end of its guest's console, where there is one. */
    readonly console?: string | undefined;
  }) {
    const { plan, end, console } = facts;
    const said = end.said ?? '';
    super({
      message: `The QEMU that runs ${plan.name} on ${plan.runsOn} ${how(end, plan.runsOn)}. ${lastWords(said)}${ofGuest(end, console)}`,
      machine: plan.name,
      output: console ?? said,
    });
  }
}

function how({ exitCode, signal }: QemuEnd, runsOn: string): string {
  if (signal === 'SIGKILL')
    return `was killed by SIGKILL, by a person or by the kernel when memory ran out (see dmesg on ${runsOn})`;
  if (typeof signal === 'string') return `was ended by ${signal}`;
  return typeof exitCode === 'number' ? `exited with ${exitCode}` : 'ended';
}

/** A guest that restarts ends its QEMU with 0 (-no-reboot), and a kernel that panics restarts (panic=-1). */
function ofGuest({ exitCode }: QemuEnd, console: string | undefined): string {
  return exitCode === 0 && console === ''
    ? ' Its guest had printed nothing on its console when it restarted or switched off: a kernel that panics before it has a console does that.'
    : '';
}

function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const words = lines.filter((line) => !WARNING.test(line));
  if (words.length > 0) return `It printed: ${words.join('\n')}`;
  return lines.length > 0 ? 'It printed nothing but warnings.' : 'It printed nothing.';
}

/**
 * Whether a machine's clock tells the truth. A tool divides by what its machine's clock says, and under emulation that
 * clock can be wrong: a kernel that calibrated its TSC on a loaded host ran twice too fast here, and netperf reported
 * 1.16 s of a test that had taken less than 0.6 s. So the measured command's time is also read from its machine's
 * clock, and held against ours.
 */
import type { NestbenchError } from '../lib/errors.ts';
import { ClockError } from './measure-errors.ts';
import type { Completed } from '../machine/machine.ts';

const MARK = 'nestbench-uptime';
/**
 * The time since boot, before and after the command, and then the CPU time in nanoseconds that the stopwatch itself
 * has had (/proc/PID/schedstat, proc(5); 0 where the kernel does not tell), on standard error. No more than a shell.
 */
const SCRIPT = `read -r before _ </proc/uptime; "$@"; code=$?; read -r after _ </proc/uptime; own=0; [ -r /proc/$$/schedstat ] && read -r own _ </proc/$$/schedstat; echo "${MARK} $before $after $own" >&2; exit $code`;

/** The command with a stopwatch around it. */
export function timed(argv: readonly string[]): string[] {
  return ['sh', '-c', SCRIPT, 'sh', ...argv];
}

/** Takes the stopwatch's line out of what the command printed. @returns undefined seconds where it was not reached. */
export function readStopwatch(
  completed: Completed,
  argv: readonly string[],
): { completed: Completed; machineSeconds: number | undefined; ownCpuSeconds: number | undefined } {
  // Not at the start of a line where the command's last one has no end.
  const line = new RegExp(`${MARK} (\\d+\\.\\d+) (\\d+\\.\\d+) (\\d+)\\n?`);
  const [, before, after, own] = line.exec(completed.stderr) ?? [];
  return {
    completed: { ...completed, argv, stderr: completed.stderr.replace(line, '') },
    machineSeconds: before === undefined || after === undefined ? undefined : Number(after) - Number(before),
    ownCpuSeconds: own === undefined ? undefined : Number(own) / 1e9,
  };
}

/** /proc/uptime counts in hundredths (proc(5)), read twice; and a clock may differ by as much as is no error of ours. */
const RESOLUTION_SECONDS = 0.05;
const FAST_SHARE = 0.02;
/** Our seconds also hold the command's start and end over SSH: up to 1.5 s were seen three levels deep. */
const LATENCY_SECONDS = 3;
const SLOW_SHARE = 0.1;

/** Why the machine's clock can't be believed; undefined where it can. */
export function clockFault(machineSeconds: number, ourSeconds: number): string | undefined {
  const counted = `its clock counted ${machineSeconds.toFixed(2)} s in a command that took ${ourSeconds.toFixed(2)} s by ours`;
  // It can't have run for longer than from our request to our answer.
  if (machineSeconds > ourSeconds * (1 + FAST_SHARE) + RESOLUTION_SECONDS) return `${counted}: it runs fast`;
  if (machineSeconds < ourSeconds * (1 - SLOW_SHARE) - LATENCY_SECONDS) return `${counted}: it runs slow`;
  return undefined;
}

/** NESTBENCH_CLOCK_WRONG where the machine's clock can't be believed, or was not told; undefined where it can. */
export function clockError(
  machine: string,
  machineSeconds: number | undefined,
  ourSeconds: number,
): NestbenchError | undefined {
  const fault =
    machineSeconds === undefined
      ? 'the command exited with 0, but nothing printed what that clock counted'
      : clockFault(machineSeconds, ourSeconds);
  if (fault === undefined) return undefined;
  return new ClockError({
    message: `The clock of ${machine} is wrong: ${fault}. No sample of this cell counts; run the cell again.`,
    machine,
    seconds: ourSeconds,
  });
}

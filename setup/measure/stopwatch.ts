/**
 * Checks a machine's clock. Tools divide by their machine's clock, and under emulation that clock can be wrong: a
 * kernel that calibrated its TSC on a loaded host ran twice too fast, and netperf reported 1.16 s for a test that had
 * taken less than 0.6 s. So the measured command's time is also read from its machine's clock, and compared with the
 * host's.
 */
import type { NestbenchError } from '../lib/errors.ts';
import { ClockError, PausedError } from './measure-errors.ts';
import type { Completed } from '../machine/machine.ts';

const MARK = 'nestbench-uptime';
/**
 * Prints on standard error the time since boot before and after the command, and the CPU time in nanoseconds of the
 * stopwatch itself (/proc/PID/schedstat, proc(5); 0 if the kernel does not report it). Needs only a shell.
 */
const SCRIPT = `read -r before _ </proc/uptime; "$@"; code=$?; read -r after _ </proc/uptime; own=0; [ -r /proc/$$/schedstat ] && read -r own _ </proc/$$/schedstat; echo "${MARK} $before $after $own" >&2; exit $code`;

/** The command with a stopwatch around it. */
export function timed(argv: readonly string[]): string[] {
  return ['sh', '-c', SCRIPT, 'sh', ...argv];
}

/**
 * Removes the stopwatch's line from the command's output.
 * @returns undefined seconds if the line is missing.
 */
export function readStopwatch(
  completed: Completed,
  argv: readonly string[],
): { completed: Completed; machineSeconds: number | undefined; ownCpuSeconds: number | undefined } {
  // Not at the start of a line if the command's output does not end in a newline.
  const line = new RegExp(`${MARK} (\\d+\\.\\d+) (\\d+\\.\\d+) (\\d+)\\n?`);
  const [, before, after, own] = line.exec(completed.stderr) ?? [];
  return {
    completed: { ...completed, argv, stderr: completed.stderr.replace(line, '') },
    machineSeconds: before === undefined || after === undefined ? undefined : Number(after) - Number(before),
    ownCpuSeconds: own === undefined ? undefined : Number(own) / 1e9,
  };
}

/** /proc/uptime counts in hundredths (proc(5)), and is read twice; and clocks may differ a little without an error. */
const RESOLUTION_SECONDS = 0.05;
const FAST_SHARE = 0.02;
/** The host's time includes the command's start and end over SSH: up to 1.5 s were seen at L3. */
const LATENCY_SECONDS = 3;
const SLOW_SHARE = 0.1;

/** Why the machine's clock is wrong; undefined if it is plausible. */
export function clockFault(machineSeconds: number, hostSeconds: number): string | undefined {
  const counted = `its clock counted ${machineSeconds.toFixed(2)} s in a command that took ${hostSeconds.toFixed(2)} s by this host's`;
  // It can't have run for longer than the time from the request to the answer.
  if (machineSeconds > hostSeconds * (1 + FAST_SHARE) + RESOLUTION_SECONDS) return `${counted}: it runs fast`;
  return isSlow(machineSeconds, hostSeconds) ? `${counted}: it runs slow` : undefined;
}

function isSlow(machineSeconds: number, hostSeconds: number): boolean {
  return machineSeconds < hostSeconds * (1 - SLOW_SHARE) - LATENCY_SECONDS;
}

/** Whether this process was stopped for the time that the machine's clock does not have. */
function isPause(machineSeconds: number, hostSeconds: number, pausedSeconds: number): boolean {
  // The command went on meanwhile, so it may have taken longer than the time outside the pause.
  return isSlow(machineSeconds, hostSeconds) && !isSlow(machineSeconds, hostSeconds - pausedSeconds);
}

/**
 * NESTBENCH_CLOCK_WRONG if the machine's clock is wrong, or was not reported; NESTBENCH_PAUSED if the difference is
 * nestbench's own; otherwise undefined.
 * @param pausedSeconds the longest time at a stretch for which this process did not run meanwhile.
 */
export function clockError(
  machine: string,
  machineSeconds: number | undefined,
  hostSeconds: number,
  pausedSeconds = 0,
): NestbenchError | undefined {
  if (machineSeconds !== undefined && isPause(machineSeconds, hostSeconds, pausedSeconds)) {
    return new PausedError({
      message: `nestbench itself was stopped for ${pausedSeconds.toFixed(1)} s during a command on ${machine} that took ${machineSeconds.toFixed(2)} s: by a signal, by a suspended host, or for lack of CPU time. The sample does not count; measure again when nothing stops it.`,
      machine: 'host',
      seconds: pausedSeconds,
    });
  }
  const fault =
    machineSeconds === undefined
      ? 'the command exited with 0, but nothing printed what that clock counted'
      : clockFault(machineSeconds, hostSeconds);
  if (fault === undefined) return undefined;
  return new ClockError({
    message: `The clock of ${machine} is wrong: ${fault}. No sample of this cell counts; run the cell again.`,
    machine,
    seconds: hostSeconds,
  });
}

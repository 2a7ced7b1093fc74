import { processStat, TICKS_PER_SECOND } from '../../setup/lib/proc.ts';

/**
 * CPU time of the commands that have ended, and everything that they started: mostly the emulators'. Unlike wall time,
 * other work on the host hardly changes it.
 */
export function cpuSeconds(): number {
  return (processStat(process.pid)?.cpuTicks ?? 0) / TICKS_PER_SECOND;
}

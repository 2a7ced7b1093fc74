/** For tests that prove that nothing is left running. */
import { processArgv, processIds, processStat } from './proc.ts';

let count = 0;

/** A unique number of seconds for a sleep, by which its process can be found. */
export function uniqueSleep(): string {
  count += 1;
  return `${1000 + count}.${process.pid}`;
}

/** The processes with this word in their command line. */
export function processesWith(word: string): number[] {
  return processIds().filter(
    (pid) => pid !== process.pid && processArgv(pid).some((part) => part.includes(word)),
  );
}

/** Ends the sleeps that a test had to leave behind. */
export function endSleeps(): void {
  for (const pid of processesWith(`.${process.pid}`)) if (processArgv(pid)[0] === 'sleep') process.kill(pid);
}

export function childrenOf(parent: number): number[] {
  return processIds().filter((pid) => processStat(pid)?.parent === parent);
}

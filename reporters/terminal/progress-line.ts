/** The line that says what is going on, from the events of those who do it. Pure: what it prints is its return. */
import type { ProgressEvent } from '../../setup/lib/task-progress.ts';

/** `3 s`, `2 min`, `1 h 5 min`: as exact as an estimate is. */
export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const BAR_CELLS = 20;

/** `[#####···············]` */
export function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`;
}

/** The event's text behind its task's name, which a sentence that was written for a table may have already. */
export function named({ task, text }: ProgressEvent): string {
  return text.startsWith(`${task}: `) ? text : `${task}: ${text}`;
}

/** One line of one task: what, for how long, how much of it, how much longer. */
export function describeProgress(event: ProgressEvent, elapsedSeconds: number): string {
  const left =
    event.secondsLeft === undefined
      ? undefined
      : `about ${inWords(Math.max(0, event.secondsLeft - elapsedSeconds))} left`;
  const fraction = event.fraction === undefined ? undefined : bar(event.fraction);
  const elapsed = elapsedSeconds < 1 ? undefined : `for ${inWords(elapsedSeconds)}`;
  return [named(event), fraction, elapsed, left].filter((part) => part !== undefined).join('  ');
}

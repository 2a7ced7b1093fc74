/** The line that shows what is going on, made from progress events. Pure. */
import type { ProgressEvent } from '../../setup/lib/task-progress.ts';

/** `3 s`, `2 min`, `1 h 5 min`: as exact as an estimate. */
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

/** The event's text after its task's name, unless the text already begins with it. */
export function named({ task, text }: ProgressEvent): string {
  return text.startsWith(`${task}: `) ? text : `${task}: ${text}`;
}

/** One line for one task: what it does, how long it has taken, how much is done, and the time left. */
export function describeProgress(event: ProgressEvent, elapsedSeconds: number): string {
  const left =
    event.secondsLeft === undefined
      ? undefined
      : `about ${inWords(Math.max(0, event.secondsLeft - elapsedSeconds))} left`;
  const fraction = event.fraction === undefined ? undefined : bar(event.fraction);
  const elapsed = elapsedSeconds < 1 ? undefined : `for ${inWords(elapsedSeconds)}`;
  return [named(event), fraction, elapsed, left].filter((part) => part !== undefined).join('  ');
}

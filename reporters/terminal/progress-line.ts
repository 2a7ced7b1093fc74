/** The line that shows what is going on, made from progress events. Pure. */
import { inWords } from '../../setup/lib/duration.ts';
import type { ProgressEvent } from '../../setup/lib/task-progress.ts';

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

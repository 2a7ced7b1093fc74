/** How far a build by ninja is, as it says itself. */
import { tell } from '../lib/task-progress.ts';
import { progressAt } from './progress-rate.ts';

/** `[12/1441] Compiling C object ...`. */
const STEP = /^\[(\d+)\/(\d+)\]/;

/** Tells of `task`, from now on, what each line of ninja's says. */
export function ninjaProgress(task: string, text: string): (line: string) => void {
  const started = performance.now();
  return (line) => {
    const [, done, all] = STEP.exec(line) ?? [];
    if (done === undefined || all === undefined) return;
    const elapsed = (performance.now() - started) / 1000;
    tell({ task, text, state: 'running', ...progressAt(Number(done), Number(all), elapsed) });
  };
}

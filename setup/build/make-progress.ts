/** How far a build by make is. */
import { tell } from '../lib/task-progress.ts';
import { progressAt } from './progress-rate.ts';

/** `  CC      init/main.o`, as the kernel's makefiles and QEMU's have it. */
const STEP = /^ {2}[A-Z][A-Z\d]*\s+\S/;
/** Of a build whose steps nobody has counted, one line in so many is reported. */
const EVERY = 20;

/**
 * Reports the progress of `task` from now on.
 * @param expected how many steps it has, where that is known.
 */
export function makeProgress(task: string, expected?: number): (line: string) => void {
  const started = performance.now();
  let steps = 0;
  return (line) => {
    if (!STEP.test(line)) return;
    steps++;
    const seconds = (performance.now() - started) / 1000;
    if (expected !== undefined)
      tell({ task, text: 'compiling', state: 'running', ...progressAt(steps, expected, seconds) });
    else if (steps % EVERY === 0)
      tell({ task, text: `compiling, ${steps} steps in ${(seconds / 60).toFixed(1)} min`, state: 'running' });
  };
}

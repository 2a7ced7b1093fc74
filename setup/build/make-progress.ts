/** That a build by make goes on, where nobody knows how many steps it has. */
import { tell } from '../lib/task-progress.ts';

/** `  CC      init/main.o`, as the kernel's makefiles and QEMU's have it. */
const STEP = /^ {2}[A-Z]/;
/** Told of every so many. */
const EVERY = 20;

/** Tells of `task`, from now on, how many steps it did. */
export function makeProgress(task: string): (line: string) => void {
  const began = performance.now();
  let steps = 0;
  return (line) => {
    if (!STEP.test(line)) return;
    steps++;
    if (steps % EVERY > 0) return;
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    tell({ task, text: `compiling, ${steps} steps in ${minutes} min`, state: 'running' });
  };
}

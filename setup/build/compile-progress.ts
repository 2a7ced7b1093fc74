/** How far a build by make or ninja is. */
import { reportProgress } from '../lib/task-progress.ts';
import { progressAt } from './progress-rate.ts';

/** `[12/1441] Compiling C object ...`, as ninja counts. */
const COUNTED = /^\[(\d+)\/(\d+)\]/;
/** `  CC      init/main.o`, as the kernel's makefiles and QEMU's have it. */
const STEP = /^ {2}[A-Z][A-Z\d]*\s+\S/;
/** If the number of steps is unknown, every so many steps are reported. */
const EVERY = 20;

export interface ExpectedSteps {
  /** How many steps make has, where that is known. */
  readonly total?: number | undefined;
  /** How many other steps ninja's last one takes as long as: linking with LTO compiles everything again. */
  readonly lastIsWorth?: number | undefined;
}

/** Reports the progress of `task` from now on. */
export function compileProgress(
  task: string,
  { total: expected, lastIsWorth = 1 }: ExpectedSteps = {},
): (line: string) => void {
  const started = performance.now();
  let steps = 0;
  return (line) => {
    const [, done, all] = COUNTED.exec(line) ?? [];
    if (all === undefined && !STEP.test(line)) return;
    steps = all === undefined ? steps + 1 : Number(done);
    const total = all === undefined ? expected : Number(all) - 1 + lastIsWorth;
    const seconds = (performance.now() - started) / 1000;
    // Ninja prints a step when it is done.
    const text = lastIsWorth > 1 && steps === Number(all) - 1 ? 'linking' : 'compiling';
    if (total !== undefined)
      reportProgress({ task, text, state: 'running', ...progressAt(steps, total, seconds) });
    else if (steps % EVERY === 0)
      reportProgress({
        task,
        text: `compiling, ${steps} steps in ${(seconds / 60).toFixed(1)} min`,
        state: 'running',
      });
  };
}

/** One `vitest run` of an A/B: writes its whole output to a file, and reports its progress. */
import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { CELLS } from '../../fixtures/matrix.ts';
import { VITEST } from '../cli/vitest-program.ts';

export interface ChildOptions {
  /** What to measure, in Vitest's own terms. */
  readonly suites: readonly string[];
  readonly projects: readonly string[];
  readonly pattern: string | undefined;
  readonly variant: string;
  readonly experiment: string;
  /** The log file for its output. */
  readonly log: string;
  readonly onProgress: (line: string) => void;
  /** Called with a function that passes a signal on while it runs. */
  readonly onStart: (signal: (name: NodeJS.Signals) => void) => void;
}

/**
 * @returns whether everything that was requested was measured.
 */
export async function measureOnce(options: ChildOptions): Promise<boolean> {
  const { suites, projects, pattern, variant, experiment, log, onProgress, onStart } = options;
  mkdirSync(path.dirname(log), { recursive: true });
  const child = execa(process.execPath, [VITEST, 'run', ...suites, ...argumentsOf(projects, pattern)], {
    env: {
      // Restores of one snapshot would share what differs between boots (reporters/model/measurement.ts).
      BOOT: 'cold',
      VARIANT: variant,
      EXPERIMENT: experiment,
      RUNS: '1',
      NO_COLOR: '1',
    },
    all: true,
    stdin: 'ignore',
    reject: false,
    buffer: false,
    // Its own process group: the terminal's Ctrl-C reaches this process, which passes it on once.
    detached: true,
    // It shuts its machines down in order, however long that takes.
    forceKillAfterDelay: false,
  });
  child.all.pipe(createWriteStream(log, { flags: 'a' }));
  onStart((name) => void child.kill(name));
  const lines = (async () => {
    for await (const line of child.iterable({ from: 'all' })) if (isProgress(line)) onProgress(line);
  })();
  const [{ exitCode }] = await Promise.all([child, lines]);
  return exitCode === 0;
}

function argumentsOf(projects: readonly string[], pattern: string | undefined): string[] {
  return [
    ...projects.flatMap((name) => ['--project', name]),
    ...(pattern === undefined ? [] : ['--testNamePattern', pattern]),
  ];
}

/** Matches `l2-baseline: booting L1  about 18 s left`, as reporters/progress.ts prints it without a terminal. */
function isProgress(line: string): boolean {
  return [...CELLS.map(({ name }) => name), 'kernel', 'image', 'root', 'build'].some((task) =>
    line.startsWith(`${task}: `),
  );
}

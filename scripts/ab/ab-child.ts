/** One `vitest run` of an A/B: writes its whole output to a file, and reports its progress. */
import { createWriteStream, mkdirSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { FORWARD_VARIABLE, listenForProgress, type ProgressEvent } from '../../setup/lib/task-progress.ts';
import { VITEST } from '../cli/vitest-program.ts';

export interface ChildOptions {
  /** What to measure, in Vitest's own terms. */
  readonly suites: readonly string[];
  readonly projects: readonly string[];
  readonly pattern: string | undefined;
  readonly variant: string;
  readonly experiment: string;
  /** Further variables that select what is measured, and how. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log: string;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Called with a function that passes a signal on while it runs. */
  readonly onStart: (signal: (name: NodeJS.Signals) => void) => void;
}

/** @returns whether everything that was requested was measured. */
export async function measureOnce(options: ChildOptions): Promise<boolean> {
  const { suites, projects, pattern, variant, experiment, environment, log, onProgress, onStart } = options;
  mkdirSync(path.dirname(log), { recursive: true });
  // As the progress reporter names its own, which also removes what a killed run left.
  using place = mkdtempDisposableSync(path.join(tmpdir(), `nestbench-progress-${process.pid}-`));
  const socket = path.join(place.path, 'socket');
  const server = listenForProgress(socket, onProgress);
  const vitest = [process.execPath, VITEST, 'run', ...suites, ...argumentsOf(projects, pattern)];
  // A killed command leaves no run behind that holds the testbed.
  const child = execa('setpriv', ['--pdeathsig', 'TERM', '--', ...vitest], {
    env: {
      // Restores of one snapshot would share what differs between boots (reporters/model/measurement.ts).
      BOOT: 'cold',
      VARIANT: variant,
      EXPERIMENT: experiment,
      RUNS: '1',
      NO_COLOR: '1',
      ...environment,
      [FORWARD_VARIABLE]: socket,
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
  const { exitCode } = await child;
  server.close();
  return exitCode === 0;
}

function argumentsOf(projects: readonly string[], pattern: string | undefined): string[] {
  return [
    ...projects.flatMap((name) => ['--project', name]),
    ...(pattern === undefined ? [] : ['--testNamePattern', pattern]),
  ];
}

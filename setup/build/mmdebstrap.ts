/** Makes a Debian root file system with mmdebstrap, as a tar. */
import { tell } from '../progress.ts';
import type { Workplace } from './cache.ts';
import { KEYRING } from './debian.ts';
import { assertOwnership, isRoot } from './namespace.ts';
import { runTool } from './tool.ts';

export interface Bootstrap {
  readonly suite: string;
  readonly tar: string;
  /** mmdebstrap's own options. */
  readonly options: readonly string[];
  /** Mirrors, or lines of sources.list. */
  readonly sources: readonly string[];
  /** As in `making the toolchain`. */
  readonly purpose: string;
  /** The progress line's task. */
  readonly task: string;
  readonly phases: readonly Phase[];
}

/** What mmdebstrap says it is doing, and which share of its time is over then. */
export interface Phase {
  readonly says: RegExp;
  readonly text: string;
  readonly fraction: number;
}

export async function bootstrap(wanted: Bootstrap, { log, signal }: Workplace): Promise<void> {
  await assertOwnership();
  const { suite, tar, options, sources, purpose } = wanted;
  const started = performance.now();
  await runTool(
    [
      'mmdebstrap',
      `--mode=${isRoot() ? 'root' : 'unshare'}`,
      '--format=tar',
      `--keyring=${KEYRING}`,
      ...options,
      suite,
      tar,
      ...sources,
    ],
    { purpose, log, signal, onLine: (line) => tellPhase(wanted, line, started) },
  );
}

function tellPhase({ task, phases }: Bootstrap, line: string, started: number): void {
  const phase = phases.find(({ says }) => line.startsWith('I: ') && says.test(line));
  if (phase === undefined) return;
  const { text, fraction } = phase;
  const elapsed = (performance.now() - started) / 1000;
  const known = fraction < 0.1 ? {} : { secondsLeft: Math.round((elapsed * (1 - fraction)) / fraction) };
  tell({ task, text, state: 'running', fraction, ...known });
}

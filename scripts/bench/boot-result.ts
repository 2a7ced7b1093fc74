/** One boot of the boot bench. */
import type { CellName, Level } from '../../fixtures/matrix.ts';
import type { Phase } from '../../setup/lib/phase-clock.ts';

/** Restored from a snapshot; booted; and booted as typed by hand, without nestbench's recipe. */
export const BOOT_SETTINGS = ['warm', 'cold', 'stock'] as const;
export type BootSettings = (typeof BOOT_SETTINGS)[number];

/** A step of the boot, and when it began, in seconds from the start of its first machine. */
export interface BootStep {
  readonly text: string;
  readonly seconds: number;
}

export interface BootResult {
  readonly cell: CellName;
  readonly level: Level;
  readonly settings: BootSettings;
  readonly round: number;
  /**
   * From the command's start to the first machine's: Node, nestbench's modules, the checks of the host and the cache.
   */
  readonly startSeconds: number;
  readonly steps: readonly BootStep[];
  readonly outcome: Booted | NotBooted;
}

export interface Booted {
  readonly state: 'up';
  /** From the start of the first machine to `Ready to run experiments!`. */
  readonly seconds: number;
  /** Named `MACHINE: KIND`. */
  readonly phases: readonly Phase[];
}

export type NotBooted =
  | { readonly state: 'late'; readonly deadlineSeconds: number }
  | { readonly state: 'failed'; readonly message: string };

export function whyNotUp(outcome: NotBooted): string {
  return outcome.state === 'late' ? `did not come up in ${outcome.deadlineSeconds} s` : 'did not come up';
}

/** What a user waits for: from starting the command to the start of its first sample. */
export interface FirstSample {
  readonly cell: CellName;
  readonly level: Level;
  readonly round: number;
  readonly seconds: number;
  /** The part of npx and Vitest: until the global setup is called, and until a worker runs the suite. */
  readonly vitestSeconds: number;
}

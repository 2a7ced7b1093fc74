/** What a campaign needs to know of its testbed. */
import path from 'node:path';
import type { MachineName } from '../../fixtures/addresses.ts';
import type { CellName } from '../../fixtures/matrix.ts';
import type { Machine } from '../../setup/machine/machine.ts';
import { EMULATED } from '../../setup/run/testbed-name.ts';
import type { RecordOf, Run } from '../cli/nestbench-run.ts';
import { type CampaignPlace, keepSound, makePlace } from './campaign-place.ts';
import type { PlannedFault, TestbedName } from './fault-kind.ts';
import { reachGuest } from './guest-access.ts';
import type { OwnMachines } from './physical/own-machines.ts';

export interface CampaignTestbed {
  readonly name: TestbedName;
  /** For a run to come to a moment, or to its end. */
  readonly patienceSeconds: number;
  /** For a fault's run, besides what the fault may cost: on a busy host it has to wait for its machines. */
  readonly slackSeconds: number;
  /** @param root an empty directory. */
  readonly makePlace: (root: string, cell: CellName) => CampaignPlace;
  readonly environment: (place: CampaignPlace) => Readonly<Record<string, string>>;
  /** A connection to where benchmarks run on a machine of a run's stack, besides the run's own. */
  readonly reach: (name: MachineName, options: ReachOptions) => Promise<Machine>;
  /** Whether a run without a fault shows that others can begin; if not, another one is needed. */
  readonly isWarm: (cell: CellName, boot: RecordOf<'boot'>, place: CampaignPlace) => boolean;
  /** The two machines of the user's, which faults break. */
  readonly machines?: OwnMachines;
  /**
   * Before the run that a fault strikes.
   * @returns what holds the testbed until that run begins.
   * @throws NESTBENCH_TESTBED_BUSY if somebody else uses it.
   */
  readonly prepare: (planned: PlannedFault, signal: AbortSignal) => Promise<AsyncDisposable>;
  /** What the next start left on the machines, in sentences. */
  readonly leftovers: (signal: AbortSignal) => Promise<string[]>;
}

export interface ReachOptions {
  readonly run: Run;
  readonly place: CampaignPlace;
  readonly signal: AbortSignal;
  /** A connection to another machine of the stack. */
  readonly other: (name: MachineName) => Promise<Machine>;
}

/** The machines of this host. A fault begins with a snapshot that the campaign made. */
export const EMULATED_CAMPAIGN: CampaignTestbed = {
  name: 'emulated',
  patienceSeconds: 300,
  slackSeconds: 120,
  makePlace,
  environment: ({ cache }) => ({ BOOT: 'warm', XDG_CACHE_HOME: path.dirname(cache), TESTBED: EMULATED }),
  async reach(name, { run, place, signal, other }) {
    const options = { run, cache: place.cache, signal };
    if (name === 'client' || name === 'l0') return reachGuest(name, options);
    return reachGuest(name, { ...options, through: await other('l0') });
  },
  isWarm(cell, { start }, place) {
    if (start === undefined || start.kind === 'cold') return false;
    keepSound(cell, start.snapshot, place);
    return true;
  },
  prepare: () => Promise.resolve(new AsyncDisposableStack()),
  leftovers: () => Promise.resolve([]),
};

/** Where one fault strikes: the run's own directories, its processes, and how to reach its guests. */
import { rmSync } from 'node:fs';
import { MACHINE_NAMES, type MachineName } from '../../fixtures/addresses.ts';
import { type RandomIndex, randomIndices } from '../../fixtures/statistics/random.ts';
import { isRunning, processArgv, processIds, processStat } from '../../setup/lib/proc.ts';
import { waitUntil } from '../../setup/lib/wait.ts';
import type { Machine } from '../../setup/machine/machine.ts';
import { endOwned } from '../../setup/machine/qemu/qemu-process.ts';
import { Run, runtimeOf } from '../cli/nestbench-run.ts';
import { assertStruck, beginning, MissedError } from './blow.ts';
import type { CampaignPlace } from './campaign-place.ts';
import type { CampaignTestbed } from './campaign-testbed.ts';
import { MEASURED } from './draw-plan.ts';
import type { PlannedFault } from './fault-kind.ts';

const GUEST_COMMAND_SECONDS = 60;

export class Scene implements AsyncDisposable {
  readonly planned: PlannedFault;
  readonly testbed: CampaignTestbed;
  readonly place: CampaignPlace;
  readonly signal: AbortSignal;
  /** For what the kind draws itself. */
  readonly below: RandomIndex;
  readonly #runs: Run[] = [];
  readonly #healing: (() => unknown)[] = [];
  readonly #held = new AsyncDisposableStack();
  readonly #guests = new Map<MachineName, Promise<Machine>>();

  /** Whoever waits for a run gets its end. */
  readonly #onAbort = (): void => {
    for (const run of this.#runs) if (!run.hasEnded) run.kill('SIGTERM');
  };

  constructor(root: string, planned: PlannedFault, testbed: CampaignTestbed, signal: AbortSignal) {
    this.planned = planned;
    this.testbed = testbed;
    this.signal = signal;
    this.below = randomIndices(planned.seed);
    this.place = testbed.makePlace(root, planned.cell);
    this.#held.defer(() => rmSync(this.place.root, { recursive: true, force: true }));
    this.#held.defer(async () => void (await endOwned(this.place.temporary)));
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#held.defer(() => signal.removeEventListener('abort', this.#onAbort));
  }

  /** The run that the fault strikes. */
  get run(): Run {
    const [first] = this.#runs;
    if (first === undefined) throw new RangeError('no run was started');
    return first;
  }

  get runtime(): string {
    return runtimeOf(this.place);
  }

  get levelUnderTest(): MachineName {
    const { cell } = this.planned;
    const level = MACHINE_NAMES.find((name) => cell.startsWith(`${name}-`));
    if (level === undefined) throw new RangeError(cell);
    return level;
  }

  /** Starts a run of this fault's cell in its place. The first is the one that the fault strikes. */
  start(benchmarks: readonly string[] = MEASURED, environment: Readonly<Record<string, string>> = {}): Run {
    const run = this.#newRun(benchmarks, environment);
    this.#runs.push(run);
    return run;
  }

  /** A run of one benchmark before the one that the fault strikes. The caller disposes it. */
  startBefore(): Run {
    return this.#newRun(['hackbench'], {});
  }

  /** The runs besides the one that the fault strikes. */
  get others(): readonly Run[] {
    return this.#runs.slice(1);
  }

  /** Registers what ends the fault, before the next start. */
  onHeal(heal: () => unknown): void {
    this.#healing.push(heal);
  }

  /** Ends the fault. */
  async heal(): Promise<void> {
    for (const heal of this.#healing.splice(0).toReversed()) await heal();
  }

  /** Registers what is undone at the very end. */
  defer(end: () => unknown): void {
    this.#held.defer(async () => void (await end()));
  }

  /** The process that runs a machine of the host. */
  qemu(name: string): number {
    return found(this.run.machines.get(name)?.pid, `the QEMU of ${name}`);
  }

  /** Waits until a process of this host has ended. */
  async ends(pid: number): Promise<void> {
    await waitUntil(`the end of process ${pid}`, () => (isRunning(processStat(pid)) ? undefined : true), {
      machine: 'host',
      deadlineSeconds: GUEST_COMMAND_SECONDS,
      intervalMs: 50,
      signal: this.signal,
    });
  }

  /** The worker that measures the cell. */
  get worker(): number {
    return found(childrenOf(this.run.pid).find(isWorker), 'the worker');
  }

  /** The process that holds the testbed's lock for the run. */
  get lockHolder(): number {
    return found(
      childrenOf(this.run.pid).find((pid) => processArgv(pid)[0] === 'cat'),
      'the holder of the lock',
    );
  }

  /** A connection to a machine of the stack besides the run's own. */
  guest(name: MachineName): Promise<Machine> {
    let machine = this.#guests.get(name);
    if (machine === undefined) {
      machine = this.#reach(name);
      this.#guests.set(name, machine);
    }
    return machine;
  }

  /** Runs a shell command on a machine of the stack, which has to succeed. */
  async inGuest(name: MachineName, command: string): Promise<void> {
    const machine = await this.guest(name);
    const options = { signal: this.signal, deadlineSeconds: GUEST_COMMAND_SECONDS };
    assertStruck(command, name, await machine.run(['sh', '-c', command], options));
  }

  /** The same for one that takes the connection, or the machine, with it; it is begun. */
  async beginInGuest(name: MachineName, command: string): Promise<void> {
    await this.inGuest(name, beginning(command));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.heal();
      const guests = await Promise.allSettled(this.#guests.values());
      for (const guest of guests) if (guest.status === 'fulfilled') await guest.value[Symbol.asyncDispose]();
      for (const run of this.#runs) await run[Symbol.asyncDispose]();
    } finally {
      await this.#held.disposeAsync();
    }
  }

  #newRun(benchmarks: readonly string[], environment: Readonly<Record<string, string>>): Run {
    const { cell } = this.planned;
    const words = ['run', `suites/${this.levelUnderTest}`, '--project', cell, '-t', benchmarks.join('|')];
    return new Run(this.place, words, {
      environment: { ...this.testbed.environment(this.place), ...environment },
    });
  }

  #reach(name: MachineName): Promise<Machine> {
    const { run, place, signal } = this;
    return this.testbed.reach(name, { run, place, signal, other: (one) => this.guest(one) });
  }
}

function isWorker(pid: number): boolean {
  return processArgv(pid).some((word) => word.endsWith('/worker-signals.ts'));
}

function childrenOf(parent: number): number[] {
  return processIds().filter((pid) => processStat(pid)?.parent === parent);
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new MissedError(`${what} was not there`);
  return value;
}

/** The stack of the cell that a worker measures: booted once, when it is first needed, and ended with the file. */
import { randomUUID } from 'node:crypto';
import type { Benchmark, BenchmarkKind } from '../fixtures/benchmarks/benchmark.ts';
import type { Clock } from '../fixtures/clock.ts';
import type { BootKind } from '../setup/run/settings.ts';
import type { Cell } from '../fixtures/matrix.ts';
import { takeLock } from '../setup/lib/lock.ts';
import { type ErrorCode, type NestbenchError, toNestbenchError, withoutStack } from '../setup/lib/errors.ts';
import { Journal } from '../setup/journal/journal.ts';
import { failureFields } from '../setup/measure/series.ts';
import type { Phase } from '../setup/lib/phase-clock.ts';
import { reportProgress } from '../setup/lib/task-progress.ts';
import type { Started } from '../setup/testbed/testbed.ts';
import type { AnyTestbed, ProvidedExperiment } from '../setup/testbed/testbeds.ts';
import type { RunningStack } from '../setup/stack/running.ts';
import { ownLane } from '../setup/run/side-by-side.ts';
import { besideLock } from '../setup/testbed/runtime.ts';
import { confine } from '../setup/machine/confine.ts';
import { cancellation } from '../setup/run/cancellation.ts';
import { Turns } from '../setup/measure/turns.ts';

type Plan = ReturnType<AnyTestbed['plan']>;

/** What another stack would not change. */
const NOT_OF_STACK: ReadonlySet<ErrorCode> = new Set([
  'NESTBENCH_ABORTED',
  'NESTBENCH_JOURNAL_GONE',
  'NESTBENCH_LOCK_LOST',
  'NESTBENCH_NO_SPACE',
  'NESTBENCH_SYSTEM_REFUSED',
  'NESTBENCH_TESTBED_BUSY',
]);

/** A machine was lost. */
const LOST: ReadonlySet<ErrorCode> = new Set([
  'NESTBENCH_CONNECTION_LOST',
  'NESTBENCH_GUEST_DIED',
  'NESTBENCH_GUEST_HUNG',
  'NESTBENCH_GUEST_PANICKED',
  'NESTBENCH_RUNTIME_GONE',
]);

export class CellStack {
  readonly cell: Cell;
  readonly experiment: ProvidedExperiment;
  readonly journal: Journal;
  #booting: Promise<RunningStack> | undefined;
  /** Benchmarks are measured one at a time, whatever the command line or a suite says. */
  readonly #turns = new Turns();
  /** Locks: no other cell boots beside this one without CPUs of its own, however many workers Vitest was told to start. */
  #alone: AsyncDisposable | undefined;
  /** The stack that runs, if it is to be saved in the end. */
  #saveForLater: Started['saveForLater'];
  /** The `id` of the newest boot record; undefined before the first. */
  #boot: string | undefined;
  #benchmarks: readonly Benchmark[] = [];
  /** What made it unusable; every later benchmark reports it too. */
  #broken: NestbenchError | undefined;

  readonly #testbed: AnyTestbed;
  /** The number of its lane, if cells run side by side. */
  readonly #lane: number | undefined;
  readonly #kind: BenchmarkKind;

  constructor(cell: Cell, experiment: ProvidedExperiment, testbed: AnyTestbed, kind: BenchmarkKind) {
    const { lanes = [] } = experiment;
    this.cell = cell;
    this.#lane = lanes.length > 1 ? ownLane(lanes.length) : undefined;
    this.experiment = this.#lane === undefined ? experiment : testbed.inLane(experiment, this.#lane);
    this.#testbed = testbed;
    this.#kind = kind;
    this.journal = new Journal(experiment.directory);
  }

  /** The clock of the stack. */
  get clock(): Clock {
    return this.experiment.clocks[this.#kind];
  }

  /** Why a benchmark can't be measured in this cell; undefined where it can. */
  whyNot(benchmark: Pick<Benchmark, 'name' | 'kind'>): string | undefined {
    const { cell, experiment } = this;
    const kind: BenchmarkKind = benchmark.kind ?? 'application';
    if (kind !== this.#kind)
      return `${benchmark.name} is measured by a suite of its own kind, and this one is of ${this.#kind}s`;
    return this.#testbed.whyNot(cell, { experiment, kind });
  }

  /**
   * The booted stack; boots it the first time.
   * @param benchmarks what will be measured on it, where that is known.
   * @throws what made it unusable.
   */
  async boot(benchmarks: readonly Benchmark[] = []): Promise<RunningStack> {
    if (this.#broken !== undefined) throw this.#broken;
    this.#benchmarks = benchmarks.length > 0 ? benchmarks : this.#benchmarks;
    this.#booting ??= this.#start(this.experiment.boot).catch((thrown: unknown) => this.#startAgain(thrown));
    try {
      return await this.#booting;
    } catch (error) {
      throw withoutStack(this.break(error));
    }
  }

  /** Notes that nothing more can be measured here; the cell's failure record is written once. */
  break(thrown: unknown): NestbenchError {
    // Whatever failed first while everything was being stopped: that it was stopped is why.
    const error = toNestbenchError(cancellation().aborted ? cancellation().reason : thrown);
    if (this.#broken === undefined) {
      this.#broken = this.#kept(error);
      reportProgress({ task: this.cell.name, text: this.#broken.message, state: 'failed' });
    }
    return this.#broken;
  }

  /** The failure, which the journal has now; or why it can't have it, which is the greater failure. */
  #kept(error: NestbenchError): NestbenchError {
    const { name: cell } = this.cell;
    try {
      this.journal.append({
        type: 'failure',
        cell,
        benchmark: null,
        boot: this.#boot,
        ...failureFields(error),
      });
      return error;
    } catch (thrown) {
      return toNestbenchError(thrown);
    }
  }

  /**
   * Does work on the booted stack, which does not end under it. Other work waits until this has really ended.
   * @throws what failed; where that was not a benchmark, the stack can't be used any more.
   */
  async using<T>(work: (running: RunningStack, boot: string | undefined) => Promise<T>): Promise<T> {
    const attempt = async (): Promise<T> => {
      const running = await this.boot();
      try {
        return await work(running, this.#boot);
      } catch (thrown) {
        const error = toNestbenchError(thrown);
        throw error.kind === 'infrastructure' ? await running.causeOf(error) : error;
      }
    };
    return this.#turns.take(async () => {
      try {
        return await attempt().catch(async (thrown: unknown) => {
          const loss = toNestbenchError(thrown);
          if (!this.#mayReplace(loss)) throw thrown;
          await this.#replace(loss);
          return attempt();
        });
      } catch (thrown) {
        const error = toNestbenchError(thrown);
        throw error.kind === 'benchmark' ? error : this.break(error);
      }
    });
  }

  #mayReplace(loss: NestbenchError): boolean {
    const isOfStack = loss.kind === 'infrastructure' && !NOT_OF_STACK.has(loss.code);
    return isOfStack && this.#broken === undefined && !cancellation().aborted;
  }

  /**
   * Boots another stack in the place of one that was lost, once for each benchmark. What was measured before stands, and
   * the loss is a failure record.
   */
  async #replace(loss: NestbenchError): Promise<void> {
    const lost = await this.#booting?.catch(() => undefined);
    this.#note(loss, 'the stack was lost, and boots again');
    await lost?.[Symbol.asyncDispose]();
    this.#booting = this.#start('cold');
    await this.boot();
  }

  /** A boot is tried once more if a machine was lost. Another failure would come again, after minutes. */
  #startAgain(thrown: unknown): Promise<RunningStack> {
    const loss = toNestbenchError(thrown);
    if (!LOST.has(loss.code) || !this.#mayReplace(loss)) throw thrown;
    this.#note(loss, 'the boot failed, and is tried once more');
    return this.#start('cold');
  }

  #note(loss: NestbenchError, what: string): void {
    const { name: cell } = this.cell;
    this.journal.append({ type: 'failure', cell, benchmark: null, boot: this.#boot, ...failureFields(loss) });
    reportProgress({ task: cell, text: `${what}: ${loss.message}`, state: 'running', lasting: true });
  }

  /** Ends the machines. A test that Vitest cancelled counts as over at once, while its work still unwinds. */
  async end(): Promise<void> {
    await this.#turns.ended();
    const running = await this.#booting?.catch(() => undefined);
    const isWhole = this.#broken === undefined && !cancellation().aborted;
    let phases: readonly Phase[] | undefined;
    let began = performance.now();
    try {
      if (isWhole) phases = await this.#saveForLater?.();
      began = performance.now();
      await running?.[Symbol.asyncDispose]();
    } finally {
      await this.#alone?.[Symbol.asyncDispose]();
    }
    if (running === undefined) return;
    const seconds = (performance.now() - began) / 1000;
    try {
      this.journal.append({
        type: 'end',
        cell: this.cell.name,
        boot: this.#boot,
        seconds,
        ...(phases && { phases: [...phases] }),
      });
    } catch (thrown) {
      if (this.#broken === undefined) throw withoutStack(this.break(thrown));
    }
    if (this.#broken === undefined) reportProgress({ task: this.cell.name, text: 'ended', state: 'done' });
  }

  /** What no other cell may use at the same time: the journal, or its own name, whose folder has its logs, and its lane. */
  async #takeLocks(): Promise<AsyncDisposable> {
    const files =
      this.#lane === undefined
        ? [this.journal.file]
        : [besideLock(this.cell.name), besideLock(`lane-${this.#lane + 1}`)];
    await using taken = new AsyncDisposableStack();
    for (const file of files) {
      const onWait = (holders: string): void =>
        reportProgress({
          task: this.cell.name,
          text: `waiting for another cell to end: ${holders}`,
          state: 'running',
        });
      taken.use(await takeLock(file, { signal: cancellation(), onWait }));
    }
    return taken.move();
  }

  #bringUp(plan: Plan, boot: BootKind): Promise<Started> {
    const { cell, experiment } = this;
    const { name } = cell;
    return this.#testbed.start(plan, experiment, {
      boot,
      benchmarks: this.#benchmarks,
      logs: `${experiment.directory}/${name}`,
      signal: cancellation(),
      onStep: (text, secondsLeft) => reportProgress({ task: name, text, state: 'running', secondsLeft }),
      say: (text) => reportProgress({ task: name, text, state: 'running', lasting: true }),
    });
  }

  async #start(boot: BootKind): Promise<RunningStack> {
    const { name } = this.cell;
    const { clock } = this;
    this.#alone ??= await this.#takeLocks();
    const plan = this.#testbed.plan(this.cell, this.experiment, this.#kind);
    const { hostCpus } = plan;
    if (hostCpus !== undefined) await confine(hostCpus, cancellation());
    const { running, start, phases, seconds, saveForLater } = await this.#bringUp(plan, boot);
    this.#saveForLater = saveForLater;
    this.#boot = randomUUID();
    this.journal.append({
      type: 'boot',
      id: this.#boot,
      cell: name,
      start,
      clock,
      levels: [...running.facts.levels],
      mechanisms: running.mechanisms.length === 0 ? undefined : [...running.mechanisms],
      client: running.facts.client,
      ...(hostCpus && { hostCpus: [...hostCpus] }),
      phases: [...phases],
      seconds,
    });
    const took = `${start.kind === 'warm' ? 'restored ' : ''}after ${seconds.toFixed(1)} s`;
    reportProgress({
      task: name,
      text: `Ready to run experiments! (${took})`,
      state: 'running',
      lasting: true,
    });
    return running;
  }
}

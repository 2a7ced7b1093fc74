/** Runs nestbench as a user does, in its own process: for what judges it by its output, its files and its exit code. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import type { JournalRecord } from '../../fixtures/records.ts';
import { readJournalIfAny } from '../../setup/journal/journal-reader.ts';
import { groupRuns } from '../../setup/lib/process-group.ts';
import { findOwned, type OwnedQemu } from '../../setup/machine/qemu/qemu-process.ts';
import { waitUntil } from '../../setup/lib/wait.ts';
import { runtimeDirectory } from '../../setup/testbed/runtime.ts';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/** Many times what anything here takes on a busy machine. */
const DEADLINE_SECONDS = 300;
/** How long a run that is no longer wanted may take to end its machines. */
const END_SECONDS = 60;
const PATIENT = {
  machine: 'host',
  deadlineSeconds: END_SECONDS,
  intervalMs: 20,
  signal: new AbortController().signal,
};

/** Directories of its own: runs there neither see nor disturb another testbed. */
export interface Place {
  /** Contains sockets, keys and pid files of the runs, and is empty except for a lock when none runs. */
  readonly temporary: string;
  readonly results: string;
}

export interface RunOptions {
  /** The experiment's name. */
  readonly experiment?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The checkout; by default this one. */
  readonly root?: string;
  /** What starts it, such as `unshare --mount sh -c '...; exec "$@"' sh`. Must end in an exec. */
  readonly wrapper?: readonly string[];
  /** A program other than Vitest, from the checkout or the host. */
  readonly program?: string;
}

export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export type RecordOf<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>;

export class Run implements AsyncDisposable {
  readonly pid: number;
  /** `results/EXPERIMENT`. */
  readonly directory: string;
  readonly place: Place;
  readonly #ended: Promise<Ended>;
  #over = false;
  #stdout = '';
  #output = '';

  constructor(place: Place, words: readonly string[], options: RunOptions = {}) {
    const { experiment = 'experiment', environment = {}, root = REPOSITORY, wrapper = [] } = options;
    this.place = place;
    this.directory = path.join(place.results, experiment);
    const [file = '', ...rest] = [...wrapper, options.program ?? 'node_modules/.bin/vitest', ...words];
    const subprocess = execa(file, rest, {
      cwd: root,
      env: {
        ...withoutVitest(process.env),
        // As with npx and npm run: the project's own Node comes first.
        PATH: `${root}/node_modules/.bin:${process.env['PATH'] ?? ''}`,
        TMPDIR: place.temporary,
        RESULTS: place.results,
        EXPERIMENT: experiment,
        PROFILE: 'smoke',
        // Those who want a restored stack, or several side by side on a large host, set it.
        BOOT: 'cold',
        PARALLEL: '1',
        ...environment,
      },
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      buffer: false,
      reject: false,
      // Its own process group, as from a terminal.
      detached: true,
      cleanup: false,
    });
    subprocess.stdout.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    subprocess.all.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    if (subprocess.pid === undefined) throw new Error(`${file} could not be started`);
    this.pid = subprocess.pid;
    const { pid } = this;
    const killOnExit = (): void => {
      if (groupRuns(pid)) process.kill(pid, 'SIGTERM');
    };
    process.once('exit', killOnExit);
    this.#ended = (async () => {
      const { exitCode, signal } = await subprocess;
      this.#over = true;
      process.off('exit', killOnExit);
      return { exitCode, signal };
    })();
  }

  get hasEnded(): boolean {
    return this.#over;
  }

  /** Its output so far, both streams as they came, without colours. */
  get output(): string {
    return stripVTControlCharacters(this.#output);
  }

  get stdout(): string {
    return stripVTControlCharacters(this.#stdout);
  }

  get records(): readonly JournalRecord[] {
    return readJournalIfAny(this.directory).records;
  }

  recordsOf<T extends JournalRecord['type']>(type: T): RecordOf<T>[] {
    return this.records.filter((record): record is RecordOf<T> => record.type === type);
  }

  /** The QEMUs that it runs, by machine. */
  get machines(): ReadonlyMap<string, OwnedQemu> {
    return new Map(
      findOwned(runtimeOf(this.place)).map((qemu) => [path.basename(qemu.pidFile ?? '', '.pid'), qemu]),
    );
  }

  /** Waits until it runs the QEMU of that machine. */
  machine(name: string): Promise<OwnedQemu> {
    return this.#until(`the QEMU of ${name}`, () => this.machines.get(name));
  }

  /** Waits until it has printed this. */
  says(text: string, deadlineSeconds?: number): Promise<string> {
    const found = (): string | undefined => (this.output.includes(text) ? text : undefined);
    return this.#until(`"${text}"`, found, deadlineSeconds);
  }

  /** Waits until its journal has such a record. */
  notes<T extends JournalRecord['type']>(
    type: T,
    found: (record: RecordOf<T>) => boolean = () => true,
    deadlineSeconds?: number,
  ): Promise<RecordOf<T>> {
    return this.#until(`a ${type} record`, () => this.recordsOf(type).find(found), deadlineSeconds);
  }

  /** Waits until nothing of its process group runs: neither it nor its workers. */
  async groupEnds(): Promise<void> {
    await waitUntil('the end of its workers', () => (groupRuns(this.pid) ? undefined : true), PATIENT);
  }

  /** A signal only to the main process, as from `kill`. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** A signal to all of its process group, as from a terminal's Ctrl-C. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Waits for its end. */
  async end(deadlineSeconds = DEADLINE_SECONDS): Promise<Ended> {
    await this.#until('its end', () => (this.#over ? true : undefined), deadlineSeconds);
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.kill('SIGTERM');
    await this.end(END_SECONDS).catch(() => {});
    if (groupRuns(this.pid)) this.killGroup('SIGKILL');
    await this.#ended;
  }

  async #until<T>(what: string, probe: () => T | undefined, deadlineSeconds = DEADLINE_SECONDS): Promise<T> {
    try {
      return await waitUntil(
        what,
        () => {
          const over = this.#over;
          const found = probe();
          if (found === undefined && over) throw new Error(`The run ended without ${what}.`);
          return found;
        },
        { ...PATIENT, deadlineSeconds },
      );
    } catch (error) {
      throw new Error(`${String(error)} It printed:\n${this.output}`, { cause: error });
    }
  }
}

/** The runtime directory of runs in this place. */
export function runtimeOf(place: Place): string {
  return runtimeDirectory(place.temporary);
}

/** What a run should not have left in its place: running QEMUs, and files other than the testbed's lock. */
export function leftovers({ temporary }: Place): string[] {
  const qemus = findOwned(temporary).map(({ pid, argv }) => `process ${pid}: ${argv.join(' ')}`);
  const files = existsSync(temporary)
    ? readdirSync(temporary, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory() && entry.name !== 'testbed.lock')
        .map((entry) => path.join(entry.parentPath, entry.name))
    : [];
  return [...qemus, ...files, ...(existsSync(runtimeDirectory(temporary)) ? ['the runtime directory'] : [])];
}

/** An environment in which no Vitest runs yet. */
function withoutVitest(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ofVitest = /^(VITEST.*|NESTBENCH_.*|NODE_ENV|NODE_OPTIONS|TEST|MODE|DEV|PROD|SSR|BASE_URL)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ofVitest.test(name)));
}

/**
 * Live progress: on a terminal one line that is updated, in a log a line at intervals. Receives the events of the
 * global setup and the workers on a Unix socket (setup/lib/task-progress.ts). Each line of a log is forwarded as an event
 * to the program that started the run, if it listens.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Reporter } from 'vitest/node';
import { temporaryFault } from '../setup/lib/places.ts';
import { isRunning, processStat } from '../setup/lib/proc.ts';
import {
  forward,
  listenForProgress,
  PROGRESS_VARIABLE,
  type ProgressEvent,
} from '../setup/lib/task-progress.ts';
import { describeProgress, named } from './terminal/progress-line.ts';

/** Between redraws on a terminal, and between lines of the same kind in a log. */
const REDRAW_MS = 500;
const LOG_EVERY_MS = 30_000;
const USUAL_COLUMNS = 80;

interface Task {
  event: ProgressEvent;
  /** When it began its current step. */
  since: number;
  loggedAt: number;
}

export default class ProgressReporter implements Reporter {
  readonly #out = process.stderr;
  readonly #logEveryMs: number;
  readonly #tasks = new Map<string, Task>();
  #server: Server | undefined;
  #directory: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;
  #restoreStdout: (() => void) | undefined;

  constructor({ logEveryMs = LOG_EVERY_MS }: { readonly logEveryMs?: number } = {}) {
    this.#logEveryMs = logEveryMs;
  }

  onTestRunStart(): void {
    // Without a directory for the socket there is no progress; the global setup reports what is wrong with TMPDIR.
    if (this.#server !== undefined || temporaryFault() !== undefined) return;
    sweepSockets();
    this.#directory = mkdtempSync(path.join(tmpdir(), `nestbench-progress-${process.pid}-`));
    const socket = path.join(this.#directory, 'socket');
    this.#server = listenForProgress(socket, (event) => this.#take(event));
    process.env[PROGRESS_VARIABLE] = socket;
    process.once('exit', () => this.#close());
    if (this.#out.isTTY) this.#moveWithStdout();
    this.#timer = setInterval(() => this.#tick(), REDRAW_MS);
    this.#timer.unref();
  }

  onTestRunEnd(): void {
    this.#close();
  }

  #close(): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#restoreStdout?.();
    this.#restoreStdout = undefined;
    this.#server?.close();
    this.#server = undefined;
    this.#tasks.clear();
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  #take(event: ProgressEvent): void {
    const known = this.#tasks.get(event.task);
    const now = performance.now();
    if (event.state !== 'running') {
      this.#tasks.delete(event.task);
      if (event.state === 'failed' && !this.#out.isTTY) {
        this.#out.write(`${named(event)}\n`);
        forward(event);
      }
      return;
    }
    // A count that goes up, such as `12 %` or `iteration 2 of 3`, is still the same step; `L2` after `L1` is a new one.
    const same =
      known !== undefined &&
      known.event.lasting !== true &&
      withoutNumbers(known.event.text) === withoutNumbers(event.text);
    const task = { event, since: now, loggedAt: same ? known.loggedAt : Number.NEGATIVE_INFINITY };
    this.#tasks.set(event.task, task);
    if (!this.#out.isTTY) this.#log(task, now);
    else if (event.lasting === true) {
      this.#erase();
      this.#out.write(`${describeProgress(event, 0)}\n`);
    }
  }

  #tick(): void {
    const now = performance.now();
    if (this.#out.isTTY) this.#draw(now);
    else for (const task of this.#tasks.values()) this.#log(task, now);
  }

  #log(task: Task, now: number): void {
    if (now - task.loggedAt < this.#logEveryMs) return;
    // A milestone is printed once.
    task.loggedAt = task.event.lasting === true ? Number.POSITIVE_INFINITY : now;
    const seconds = (now - task.since) / 1000;
    this.#out.write(`${describeProgress(task.event, seconds)}\n`);
    forward({ ...task.event, seconds });
  }

  #draw(now: number): void {
    const text = [...this.#tasks.values()]
      .map(({ event, since }) => describeProgress(event, (now - since) / 1000))
      .join('   ');
    this.#erase();
    if (text === '') return;
    // A terminal of unknown size reports 0 columns.
    this.#out.write(text.slice(0, (this.#out.columns || USUAL_COLUMNS) - 1));
    this.#drawn = true;
  }

  #erase(): void {
    if (this.#drawn) this.#out.write('\r\u001B[K');
    this.#drawn = false;
  }

  /** Other output must not follow the progress line: erase the line first; the next tick draws it again. */
  #moveWithStdout(): void {
    const { stdout } = process;
    const before = Object.getOwnPropertyDescriptor(stdout, 'write');
    const write = stdout.write.bind(stdout);
    stdout.write = new Proxy(write, {
      apply: (target, self, args) => {
        this.#erase();
        return Reflect.apply(target, self, args);
      },
    });
    this.#restoreStdout = () => {
      if (before === undefined) Reflect.deleteProperty(stdout, 'write');
      else Object.defineProperty(stdout, 'write', before);
    };
  }
}

/** Removes the sockets of runs that were killed. */
function sweepSockets(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^nestbench-progress-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isRunning(processStat(Number(pid)))) continue;
    try {
      rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Owned by another user.
    }
  }
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\b\d+\b/g, '#');
}

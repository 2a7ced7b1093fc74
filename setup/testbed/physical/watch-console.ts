/** What a machine's console says while it boots anew, by the command that the testbed file has for it. */
import { execa } from 'execa';
import { lastLines } from '../../machine/failures.ts';
import { Console } from '../../machine/console.ts';

export interface ConsoleCommand {
  /** Run on this host: prints the console for as long as it runs. */
  readonly argv: readonly string[];
  /** Where all of it is kept. */
  readonly file: string;
}

/** Disposing it ends the command. */
export interface WatchedConsole extends AsyncDisposable {
  /** What was seen there and where it is kept, as a sentence. */
  sentence(): string;
  /** The lines up to the fault, or its last ones: after a fault it is another kernel that speaks. */
  output(): string;
}

/** Of an error, as of guests' consoles. */
const LINES = 25;
/** A command that ignores being ended. */
const KILL_AFTER_MS = 2000;

/** What a kernel says that can't go on, and what an initramfs does (initramfs-tools, scripts/local). */
const FAULT = /Kernel panic - not syncing: .*|Gave up waiting for [^.\n]*/;

/** Begins to watch the console of `machine`; whatever becomes of the command, it is no reason to fail. */
export function watchConsole(machine: string, { argv, file }: ConsoleCommand): WatchedConsole {
  const [program = '', ...words] = argv;
  const child = execa(program, words, {
    reject: false,
    all: true,
    buffer: false,
    // Left open: ssh and ipmitool end where theirs does.
    stdin: 'pipe',
    forceKillAfterDelay: KILL_AFTER_MS,
  });
  const console = new Console(child.readable({ from: 'all' }), { machine, file });
  return {
    sentence() {
      const fault = FAULT.exec(console.text)?.[0].trim();
      if (fault !== undefined) return `Its console said "${fault}"; it is kept in ${file}.`;
      return console.lastOutputAt === undefined
        ? `Its console said nothing ("${argv.join(' ')}").`
        : `Its console is kept in ${file}; no fault was seen there.`;
    },
    output() {
      const { text } = console;
      const fault = FAULT.exec(text);
      return lastLines(fault === null ? text : text.slice(0, fault.index + fault[0].length), LINES);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child;
      await console.closed;
    },
  };
}

/** Watches a machine's console during a reboot, with the command in the testbed file. */
import { execa } from 'execa';
import { Console } from '../../machine/console.ts';
import { inSeconds, lastLines } from '../../lib/error-text.ts';
import { evidenceOf } from './console-evidence.ts';

export interface ConsoleCommand {
  /** Run on this host: prints the console for as long as it runs. */
  readonly argv: readonly string[];
  /** Where all of it is kept. */
  readonly file: string;
}

/** Disposing it ends the command. */
export interface WatchedConsole extends AsyncDisposable {
  /**
   * What was seen there and where it is kept, as sentences.
   * @param cameUp whether a machine came up after all, with something other than requested.
   */
  sentence(cameUp?: boolean): string;
  /** The lines up to the fault, or its last ones. */
  output(cameUp?: boolean): string;
}

/** Lines in an error, as for guests' consoles. */
const LINES = 25;
/** A command reports first that it has no console; later output is the machine's. */
const BUSY_CHARACTERS = 2000;
/** For a command that ignores SIGTERM. */
const KILL_AFTER_MS = 2000;

/** Messages of ipmitool, conserver, virsh, cu, minicom and telnet if somebody else holds the console. */
const BUSY =
  /.*(?:already active|already in use|in use by|is locked|active console session|currently (?:in use|attached)|line in use|\[.*read-only|port is busy|session .*busy|device or resource busy).*/i;

/** Starts to watch the console of `machine`. A failure of the command is no reason to fail. */
export function watchConsole(machine: string, { argv, file }: ConsoleCommand): WatchedConsole {
  const [program = '', ...words] = argv;
  const child = execa(program, words, {
    reject: false,
    all: true,
    buffer: false,
    // Left open: ssh and ipmitool end with their standard input.
    stdin: 'pipe',
    forceKillAfterDelay: KILL_AFTER_MS,
  });
  const console = new Console(child.readable({ from: 'all' }), { machine, file });
  const command = words.length === 0 ? program : argv.join(' ');
  let trouble: string | undefined;
  let isDisposed = false;
  const noteEnd = async (): Promise<void> => {
    const { code, exitCode, signal, durationMs } = await child;
    if (isDisposed) return;
    trouble =
      exitCode === undefined && signal === undefined
        ? `could not be started (${code ?? 'no reason given'})`
        : `ended after ${inSeconds(durationMs / 1000)} with ${signal ?? `exit code ${exitCode}`}`;
  };
  void noteEnd();
  return {
    sentence(cameUp = false) {
      const { text } = console;
      const { fault, hasKernel } = evidenceOf(text, cameUp);
      const busy = BUSY.exec(text.slice(0, BUSY_CHARACTERS))?.[0].trim();
      const why = trouble ?? (busy === undefined ? undefined : 'shows no console of its own');
      // Programs begin their own errors like GRUB does.
      const isCommands = why !== undefined && !hasKernel && (fault ?? 'error:').startsWith('error:');
      if (isCommands) {
        const last = busy ?? lastLines(text, 1).trim();
        return `Its console was not seen: the command for it, "${command}", ${why}${last === '' ? '' : `, and said "${last}"`}. Try it by hand; its output is kept in ${file}.`;
      }
      if (fault !== undefined) return `Its console said "${fault}"; it is kept in ${file}.`;
      if (console.lastOutputAt === undefined) return `Its console said nothing ("${command}").`;
      if (!hasKernel) {
        return `Its console is kept in ${file}; no kernel was seen to start there, so the cause is unknown.`;
      }
      return trouble === undefined
        ? `Its console is kept in ${file}; no fault was seen there.`
        : `Its console is kept in ${file}; no fault was seen there until the command for it, "${command}", ${trouble}.`;
    },
    output(cameUp = false) {
      return lastLines(evidenceOf(console.text, cameUp).text, LINES);
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      child.kill();
      await child;
      await console.closed;
    },
  };
}

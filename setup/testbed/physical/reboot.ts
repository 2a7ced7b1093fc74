/** Reboots a physical machine, and checks what came up. */
import { AnnotatedError, CheckError, NestbenchError } from '../../lib/errors.ts';
import { inSeconds } from '../../lib/error-text.ts';
import { connectOpenssh } from '../../machine/ssh/openssh.ts';
import type { OpensshTarget } from '../../machine/ssh/openssh-command.ts';
import type { SshMachine } from '../../machine/ssh/ssh.ts';
import { waitUntil, withDeadline } from '../../lib/wait.ts';
import { type ConsoleCommand, watchConsole, type WatchedConsole } from './watch-console.ts';
import { type Boot, differencesFrom } from './grub-entry.ts';
import { chooseBoot, readRunning, type Running } from './grub.ts';

/**
 * For a machine to come up, also after a power cut. A server's firmware alone takes minutes; after fifteen, somebody has to
 * look at its console.
 */
export const UP_SECONDS = 900;
const SHUTDOWN_SECONDS = 180;
const POLL_MS = 500;
const COMMAND_SECONDS = 30;

export interface RebootOptions {
  readonly target: OpensshTarget;
  readonly signal: AbortSignal;
  /** From the command to SSH. */
  readonly deadlineSeconds?: number;
  readonly onStep?: (text: string) => void;
  /** Shows its console meanwhile, if there is one. */
  readonly console?: ConsoleCommand | undefined;
}

/** A machine that runs the requested kernel. */
export interface Rebooted {
  readonly machine: SshMachine;
  readonly running: Running;
  /** How long the reboot took; undefined without one. */
  readonly rebootSeconds: number | undefined;
}

/**
 * Makes sure that the machine runs `boot`, and reboots it only if necessary. A reboot invalidates `machine`.
 * @throws NESTBENCH_CHECK_FAILED if another kernel came up, with which one; NESTBENCH_DEADLINE if none did.
 */
export async function ensureBoot(machine: SshMachine, boot: Boot, options: RebootOptions): Promise<Rebooted> {
  const { signal } = options;
  const before = await readRunning(machine, signal);
  const reasons = differencesFrom(before, boot);
  if (reasons.length === 0) return { machine, running: before, rebootSeconds: undefined };
  options.onStep?.(`${machine.name} reboots: ${reasons.join('; ')}`);
  await chooseBoot(machine, boot, signal);
  await using console = options.console && watchConsole(machine.name, options.console);
  const began = performance.now();
  const fresh = await reboot(machine, before.bootId, options).catch((error: unknown) => {
    throw withConsole(error, console);
  });
  const rebootSeconds = (performance.now() - began) / 1000;
  const running = await readRunning(fresh, signal);
  const wrong = differencesFrom(running, boot);
  if (wrong.length === 0) return { machine: fresh, running, rebootSeconds };
  await fresh[Symbol.asyncDispose]();
  const fellBack = running.release === boot.release ? '' : ` GRUB fell back to ${running.release}.`;
  throw new CheckError({
    message: `${machine.name} came back after ${inSeconds(rebootSeconds)}, but did not boot ${boot.release} as planned: ${wrong.join('; ')}.${fellBack} ${console?.sentence(true) ?? 'To see why, name its console in the testbed file.'}`,
    machine: machine.name,
    seconds: rebootSeconds,
    output: console?.output(true) ?? running.commandLine,
  });
}

/**
 * Reboots it, whatever comes up.
 * @returns a connection to what came up.
 */
export async function reboot(
  machine: SshMachine,
  bootId: string,
  { target, signal, deadlineSeconds = UP_SECONDS }: RebootOptions,
): Promise<SshMachine> {
  const { name } = machine;
  // The connection may be lost before it answers; the boot id shows that it rebooted.
  await machine
    .run(['sh', '-c', '(sleep 1; reboot) >/dev/null 2>&1 &'], { signal, deadlineSeconds: COMMAND_SECONDS })
    .catch(() => undefined);
  await withDeadline('the machine to go down', SHUTDOWN_SECONDS, signal, () => machine.lost, name);
  await machine[Symbol.asyncDispose]();
  return waitUntil(
    'the machine to come up again',
    async ({ saw, signal: within }) => {
      const fresh = await connectOpenssh({ ...target, name, signal: within, deadlineSeconds, isAway: true });
      const running = await readRunning(fresh, within).catch(() => undefined);
      if (running !== undefined && running.bootId !== bootId) return fresh;
      saw('it still answers as before.');
      await fresh[Symbol.asyncDispose]();
      return undefined;
    },
    { machine: name, deadlineSeconds, signal, intervalMs: POLL_MS },
  );
}

/** For one that did not come up again, its console is the only evidence. */
function withConsole(error: unknown, console: WatchedConsole | undefined): unknown {
  if (console === undefined || !(error instanceof NestbenchError)) return error;
  return new AnnotatedError(error, {
    message: `${error.message} ${console.sentence()}`,
    output: console.output(),
  });
}

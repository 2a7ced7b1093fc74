/** The two machines of a physical testbed, as a campaign reaches them: besides the runs, and outside of what these mount there. */
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { waitUntil } from '../../../setup/lib/wait.ts';
import { ConnectionError, SshAccessError } from '../../../setup/machine/machine-errors.ts';
import { connectOpenssh } from '../../../setup/machine/ssh/openssh.ts';
import type { SshMachine } from '../../../setup/machine/ssh/ssh.ts';
import { isOurBoot } from '../../../setup/testbed/physical/grub-entry.ts';
import { readRunning, restoreGrub } from '../../../setup/testbed/physical/grub.ts';
import { holdMachine } from '../../../setup/testbed/physical/hold.ts';
import { reboot, UP_SECONDS } from '../../../setup/testbed/physical/reboot.ts';
import { removeTools } from '../../../setup/testbed/physical/set-up.ts';
import { targetOf } from '../../../setup/testbed/physical/testbed-file.ts';
import { assertStruck, beginning } from '../blow.ts';
import { FILLER, LINK_FILE, NO_KEYS, OTHER_NAME, SECOND } from './breaks.ts';
import { type Break, breakMachine, NOTES, putBack } from './broken-machine.ts';

/** As in a run: the server is L0. */
const OWN_MACHINES = ['client', 'l0'] as const;
export type OwnMachine = (typeof OWN_MACHINES)[number];

/** @throws {RangeError} for a guest, which nothing but the run reaches. */
export function ownMachine(name: string): OwnMachine {
  const found = OWN_MACHINES.find((one) => one === name);
  if (found === undefined) throw new RangeError(name);
  return found;
}

/** More than until it puts something back by itself. */
const PUT_BACK_SECONDS = 2400;
const COMMAND_SECONDS = 60;
const RETRY_MS = 5000;

/** Prints what is left there of runs and faults. $1: the notes of faults, $2: nestbench's directory. */
const LEFT = `
ls -d /run/nestbench /run/nestbench-mounts /sys/class/net/${OTHER_NAME} ${LINK_FILE} ${FILLER} ${SECOND} ${NO_KEYS} "$1" 2>/dev/null
grep -e ' /run/nestbench' -e '/.ssh/authorized_keys ' /proc/mounts
find /proc -maxdepth 2 -path '/proc/[0-9]*/root' -lname /run/nestbench-mounts/root 2>/dev/null
find "$2/nestbench" -name '*.new' 2>/dev/null
exit 0`;

export class OwnMachines implements AsyncDisposable {
  readonly testbed: TestbedDescription;
  readonly #connections = new Map<OwnMachine, Promise<SshMachine>>();

  constructor(testbed: TestbedDescription) {
    this.testbed = testbed;
  }

  /** Its part of the testbed file. */
  described(name: OwnMachine): TestbedDescription['client'] {
    return this.testbed[sideOf(name)];
  }

  /**
   * A new connection, which the caller disposes.
   * @param root a directory that its commands use as their root.
   */
  connect(name: OwnMachine, signal: AbortSignal, root?: string): Promise<SshMachine> {
    return connectOpenssh({
      ...targetOf(this.testbed, sideOf(name)),
      name,
      signal,
      deadlineSeconds: UP_SECONDS,
      ...(root !== undefined && { root }),
    });
  }

  /** A connection that stays open, so that a blow takes no time; a new one if the last was lost. */
  machine(name: OwnMachine, signal: AbortSignal): Promise<SshMachine> {
    return this.#connections.get(name) ?? this.#keep(name, this.connect(name, signal));
  }

  /**
   * Breaks something there, once the machine has noted how it is put back.
   * @throws {MissedError} if its command ends with NOT_THERE.
   */
  async break(name: OwnMachine, what: Break, signal: AbortSignal): Promise<void> {
    const machine = await this.machine(name, signal);
    assertStruck(what.command, name, await breakMachine(machine, what, signal));
  }

  /** Begins a shell command that its connection does not survive. It has no single quotes. */
  async begin(name: OwnMachine, command: string, signal: AbortSignal): Promise<void> {
    const machine = await this.machine(name, signal);
    const begun = ['sh', '-c', beginning(command)];
    assertStruck(command, name, await machine.run(begun, { signal, deadlineSeconds: COMMAND_SECONDS }));
    // Nobody would notice for a minute that it leads nowhere.
    this.#connections.delete(name);
    void machine[Symbol.asyncDispose]();
  }

  /**
   * Waits for a machine that does not let anybody in: it was reset, or puts back by itself what keeps us out.
   * @returns sentences about what was put back.
   */
  async putBack(signal: AbortSignal): Promise<string[]> {
    const said: string[] = [];
    for (const name of OWN_MACHINES) {
      const names = await waitUntil(
        'what a fault broke there to be put back',
        async ({ saw, signal: within }) => {
          try {
            return await putBack(await this.machine(name, within), within);
          } catch (error) {
            if (!(error instanceof ConnectionError || error instanceof SshAccessError)) throw error;
            saw(error.message);
            return undefined;
          }
        },
        { machine: name, deadlineSeconds: PUT_BACK_SECONDS, intervalMs: RETRY_MS, signal },
      );
      said.push(...names.map((what) => `Put back on ${name} what was broken by ${what}.`));
    }
    return said;
  }

  /**
   * Holds both, as a run does. A reboot of a machine frees it.
   * @throws NESTBENCH_TESTBED_BUSY if another run of nestbench uses one of them.
   */
  async hold(signal: AbortSignal): Promise<AsyncDisposable> {
    await using held = new AsyncDisposableStack();
    for (const name of OWN_MACHINES) {
      held.use(await holdMachine(name, targetOf(this.testbed, sideOf(name)), signal));
    }
    return held.move();
  }

  /** Takes the image away, so that the next run copies it there again. */
  async takeImage(name: OwnMachine, signal: AbortSignal): Promise<void> {
    await removeTools(await this.machine(name, signal), this.described(name).directory, signal);
  }

  /** Lets the server boot its own kernel by its own configuration, so that the next run reboots it. */
  async bootOwnKernel(signal: AbortSignal): Promise<void> {
    const machine = await this.machine('l0', signal);
    await restoreGrub(machine, signal);
    const { commandLine, bootId } = await readRunning(machine, signal);
    if (!isOurBoot(commandLine)) return;
    const target = targetOf(this.testbed, 'server');
    await this.#keep('l0', reboot(machine, bootId, { target, signal }));
  }

  /** What neither a run nor a fault may leave there, in sentences. */
  async leftovers(signal: AbortSignal): Promise<string[]> {
    const left: string[] = [];
    for (const name of OWN_MACHINES) {
      const machine = await this.machine(name, signal);
      const words = ['sh', '-c', LEFT, 'sh', NOTES, this.described(name).directory];
      const found = await machine.check(words, { signal, deadlineSeconds: COMMAND_SECONDS });
      left.push(...found.split('\n').flatMap((line) => (line === '' ? [] : [`Left on ${name}: ${line}`])));
    }
    return left;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = await Promise.allSettled(this.#connections.values());
    for (const one of all) if (one.status === 'fulfilled') await one.value[Symbol.asyncDispose]();
  }

  #keep(name: OwnMachine, connecting: Promise<SshMachine>): Promise<SshMachine> {
    this.#connections.set(name, connecting);
    const forget = (): void => {
      if (this.#connections.get(name) === connecting) this.#connections.delete(name);
    };
    void connecting.then(({ lost }) => lost.then(forget), forget);
    return connecting;
  }
}

function sideOf(name: OwnMachine): 'client' | 'server' {
  return name === 'l0' ? 'server' : 'client';
}

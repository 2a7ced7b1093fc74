/**
 * GRUB on a physical machine, as Debian and Ubuntu set it up: which kernel it boots next, and with which parameters. All
 * that is changed stands in a drop-in of ours, which `npm run restore` takes away. The kernel that is asked for is booted
 * once (grub-reboot(8)): where it does not come up, the next start is that of the kernel that was there before.
 */
import { z } from 'zod';
import { NestbenchError } from '../../errors.ts';
import { hashOf } from '../../build/hash.ts';
import type { Machine } from '../../machine/machine.ts';

/** What a machine is to be booted with. */
export interface Boot {
  /** As `uname -r` has it. */
  readonly release: string;
  /** Added to those that the machine's own configuration has. */
  readonly parameters: readonly string[];
}

/** Sourced behind /etc/default/grub and all drop-ins of others: also behind what CloudLab writes at that file's end. */
export const DROP_IN = '/etc/default/grub.d/zz-nestbench.cfg';
const GRUB_CFG = '/boot/grub/grub.cfg';
/** update-grub runs os-prober and looks at every kernel: a minute on a slow machine. */
const UPDATE_SECONDS = 300;
const COMMAND_SECONDS = 30;
/** A kernel that panics starts the machine anew after so many seconds (Documentation/admin-guide/kernel-parameters.txt). */
const PANIC_SECONDS = 10;
const MARK = 'nestbench.boot';

/** By which a running kernel shows that it was booted with just this; kernels ignore a parameter of no module. */
export function markOf({ release, parameters }: Boot): string {
  return `${MARK}=${hashOf([release, ...parameters])}`;
}

/** What the drop-in says. */
export function dropInFor(boot: Boot): string {
  const words = [...boot.parameters, `panic=${PANIC_SECONDS}`, markOf(boot)].join(' ');
  return `# Written by nestbench; "npm run restore" takes it away.
GRUB_DEFAULT=saved
GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${words}"
`;
}

/**
 * The menu's entries by their kernel's release, each as GRUB names it in a variable: the submenu's id and its own.
 * Recovery entries are left out.
 */
export function parseEntries(grubCfg: string): Map<string, string> {
  const entries = new Map<string, string>();
  let submenu: string | undefined;
  for (const line of grubCfg.split('\n')) {
    const id = /\$menuentry_id_option '([^']+)'/.exec(line)?.[1];
    if (id !== undefined && /^submenu\b/.test(line)) submenu = id;
    const release = /^gnulinux-(.+)-advanced-[^-]/.exec(id ?? '')?.[1];
    if (id === undefined || release === undefined || !/^\s*menuentry\b/.test(line)) continue;
    entries.set(release, submenu === undefined ? id : `${submenu}>${id}`);
  }
  return entries;
}

/** What runs now. */
export interface Running {
  readonly release: string;
  readonly commandLine: string;
  /** CPUs that are online. */
  readonly cpus: number;
  /** Differs from start to start. */
  readonly bootId: string;
}

export async function readRunning(machine: Machine, signal: AbortSignal): Promise<Running> {
  const script = 'uname -r; cat /proc/cmdline; nproc --all; nproc; cat /proc/sys/kernel/random/boot_id';
  const text = await machine.check(['sh', '-c', script], { signal, deadlineSeconds: COMMAND_SECONDS });
  const [release = '', commandLine = '', , cpus = '', bootId = ''] = text.split('\n');
  return { release, commandLine, cpus: Number(cpus), bootId };
}

/** Why it has to be booted anew; empty where what runs is what is asked for. */
export function differencesFrom(running: Pick<Running, 'release' | 'commandLine'>, boot: Boot): string[] {
  const differences: string[] = [];
  if (running.release !== boot.release) {
    differences.push(`its kernel is ${running.release}, and ${boot.release} is asked for`);
  }
  const words = running.commandLine.trim().split(/\s+/);
  const missing = boot.parameters.filter((word) => !words.includes(word));
  if (missing.length > 0) differences.push(`its kernel was started without ${missing.join(' ')}`);
  const ours = words.find((word) => word.startsWith(`${MARK}=`));
  if (differences.length === 0 && ours !== undefined && ours !== markOf(boot)) {
    differences.push('its kernel was started with parameters of another cell');
  }
  return differences;
}

/** What it was before nestbench first changed it, kept on the machine. */
const originalRecord = z.object({ savedEntry: z.string(), release: z.string() });

/**
 * Lets the machine's next start be `boot`, once.
 * @throws NESTBENCH_CHECK_FAILED where GRUB has no entry for that kernel; what a failing command throws.
 */
export async function chooseBoot(
  machine: Machine,
  boot: Boot,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const run = (argv: readonly string[], input = ''): Promise<string> =>
    machine.check(argv, { signal, deadlineSeconds: UPDATE_SECONDS, input });
  const original = await keepOriginal(machine, directory, signal);
  await run(['sh', '-c', 'mkdir -p "$(dirname "$1")"; cat >"$1"', 'sh', DROP_IN], dropInFor(boot));
  await run(['update-grub']);
  const entries = parseEntries(await run(['cat', GRUB_CFG]));
  const [wanted, fallback] = [entries.get(boot.release), entries.get(original.release)];
  if (wanted === undefined) {
    const there = [...entries.keys()].join(', ');
    throw new NestbenchError(
      'NESTBENCH_CHECK_FAILED',
      'infrastructure',
      `GRUB on ${machine.name} has no entry for the kernel ${boot.release}; it has ${there}.`,
      { machine: machine.name, output: there },
    );
  }
  if (fallback !== undefined) await run(['grub-set-default', fallback]);
  await run(['grub-reboot', wanted]);
  await run(['sync']);
}

function originalFile(directory: string): string {
  return `${directory}/boot-before.json`;
}

async function keepOriginal(
  machine: Machine,
  directory: string,
  signal: AbortSignal,
): Promise<z.infer<typeof originalRecord>> {
  const options = { signal, deadlineSeconds: COMMAND_SECONDS };
  const file = originalFile(directory);
  const kept = await machine.run(['cat', file], options);
  if (kept.exitCode === 0) return originalRecord.parse(JSON.parse(kept.stdout));
  const { release } = await readRunning(machine, signal);
  const saved = await machine.run(['sh', '-c', "grub-editenv - list | sed -n 's/^saved_entry=//p'"], options);
  const original = { savedEntry: saved.stdout.trim(), release };
  await machine.check(['sh', '-c', 'mkdir -p "$1" && cat >"$2"', 'sh', directory, file], {
    ...options,
    input: JSON.stringify(original),
  });
  return original;
}

/**
 * Puts GRUB back to what it was. @returns whether there was anything to put back; the machine's next start is that of its
 * own configuration then.
 */
export async function restoreGrub(
  machine: Machine,
  directory: string,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { signal, deadlineSeconds: UPDATE_SECONDS };
  const file = originalFile(directory);
  const kept = await machine.run(['cat', file], options);
  if (kept.exitCode !== 0) return false;
  const { savedEntry } = originalRecord.parse(JSON.parse(kept.stdout));
  await machine.check(['rm', '-f', DROP_IN], options);
  await machine.check(['update-grub'], options);
  await machine.check(['grub-editenv', '-', 'unset', 'next_entry'], options);
  await machine.check(
    savedEntry === ''
      ? ['grub-editenv', '-', 'unset', 'saved_entry']
      : ['grub-editenv', '-', 'set', `saved_entry=${savedEntry}`],
    options,
  );
  await machine.check(['rm', '-f', file], options);
  return true;
}

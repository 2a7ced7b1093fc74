/**
 * GRUB on a physical machine, as Debian and Ubuntu set it up: which kernel it boots next, and with which parameters.
 *
 * What is asked for is a menu entry of its own, in the file that GRUB keeps for a person's additions (custom.cfg), and is
 * booted once (grub-reboot(8)). Nothing of the machine's own configuration is changed, so that a kernel or a parameter with
 * which it does not come up costs one start: the next is that of before. Parameters in GRUB_CMDLINE_LINUX would be those of
 * every entry, and a wrong root= was seen to keep the old kernel from booting as well.
 */
import { NestbenchError } from '../../errors.ts';
import { hashOf } from '../../build/hash.ts';
import type { Machine } from '../../machine/machine.ts';

/** What a machine is to be booted with. */
export interface Boot {
  /** As `uname -r` has it. */
  readonly release: string;
  /** What it was built of, of a kernel of ours: another build may have the same release. */
  readonly build?: string;
  /** Added to those that the machine's own configuration has. */
  readonly parameters: readonly string[];
}

const GRUB_CFG = '/boot/grub/grub.cfg';
/** Sourced by every grub.cfg that /etc/grub.d/41_custom had a part in. */
export const CUSTOM_CFG = '/boot/grub/custom.cfg';
const ENTRY = 'nestbench';
const OURS = 'nestbench';
/** Where kernels of ours are: update-grub does not look there, so that none becomes the machine's default by its version. */
export const OUR_KERNELS = `/boot/${OURS}`;
const [BEGIN, END] = ['### BEGIN nestbench ###', '### END nestbench ###'];
const COMMAND_SECONDS = 30;
/** A kernel that panics starts the machine anew after so many seconds (Documentation/admin-guide/kernel-parameters.txt). */
const PANIC_SECONDS = 10;
const MARK = 'nestbench.boot';

/** By which a running kernel shows that it was booted with just this; kernels ignore a parameter of no module. */
export function markOf({ release, build, parameters }: Boot): string {
  return `${MARK}=${hashOf([release, ...(build === undefined ? [] : [build]), ...parameters])}`;
}

/** Kernels that have an entry of their own in the menu. */
export function releasesIn(grubCfg: string): string[] {
  return [...grubCfg.matchAll(/^\s*menuentry .*\$menuentry_id_option 'gnulinux-(.+)-advanced-/gm)].map(
    ([, release = '']) => release,
  );
}

/**
 * An entry for that kernel under our own name, with the parameters behind the machine's own: made of the machine's entry
 * for it, or, of a kernel of ours, of the first that there is, which finds the same disk.
 * @returns undefined where the menu has no entry at all.
 */
export function entryFor(grubCfg: string, boot: Boot): string | undefined {
  const releases = releasesIn(grubCfg);
  const like = releases.includes(boot.release) ? boot.release : releases[0];
  if (like === undefined) return undefined;
  const lines = grubCfg.split('\n');
  const start = lines.findIndex((line) =>
    new RegExp(`^\\s*menuentry .*'gnulinux-${RegExp.escape(like)}-advanced-`).test(line),
  );
  const indent = /^\s*/.exec(lines[start] ?? '')?.[0] ?? '';
  const length = lines.slice(start).findIndex((line) => line === `${indent}}`);
  if (length === -1) return undefined;
  const words = [...boot.parameters, `panic=${PANIC_SECONDS}`, markOf(boot)].join(' ');
  const body = lines
    .slice(start + 1, start + length)
    .map((line) => (/^\s*linux(efi)?\s/.test(line) ? `${line.trimEnd()} ${words}` : line))
    .map((line) => (like === boot.release ? line : ofOurs(line, like, boot.release)));
  return [`menuentry 'nestbench: Linux ${boot.release}' --id ${ENTRY} {`, ...body, '}'].join('\n');
}

/** The path is from the file system's root, which /boot may be. */
function ofOurs(line: string, like: string, release: string): string {
  return line
    .replace(`vmlinuz-${like}`, `${OURS}/vmlinuz-${release}`)
    .replace(`initrd.img-${like}`, `${OURS}/initrd.img-${release}`)
    .replace(`Loading Linux ${like} `, `Loading Linux ${release} `);
}

/** A custom.cfg with our entry in it, or, where there is none, without; what else is in it stays. */
export function withEntry(customCfg: string, entry: string | undefined): string {
  const others = customCfg.replace(new RegExp(`${BEGIN}\n[^]*?${END}\n`), '');
  return entry === undefined ? others : `${others}${BEGIN}\n${entry}\n${END}\n`;
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
  const script = 'uname -r; cat /proc/cmdline; nproc; cat /proc/sys/kernel/random/boot_id';
  const text = await machine.check(['sh', '-c', script], { signal, deadlineSeconds: COMMAND_SECONDS });
  const [release = '', commandLine = '', cpus = '', bootId = ''] = text.split('\n');
  return { release, commandLine, cpus: Number(cpus), bootId };
}

/** The kernel that the machine boots when nobody asks for another: its menu's first (GRUB_DEFAULT=0). */
export async function installedRelease(machine: Machine, signal: AbortSignal): Promise<string> {
  const [first] = releasesIn(
    await machine.check(['cat', GRUB_CFG], { signal, deadlineSeconds: COMMAND_SECONDS }),
  );
  if (first !== undefined) return first;
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'infrastructure',
    `GRUB on ${machine.name} has no kernel in its menu (${GRUB_CFG}).`,
    { machine: machine.name },
  );
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
  const isMarked = ours !== undefined || boot.build !== undefined;
  if (differences.length === 0 && isMarked && ours !== markOf(boot)) {
    differences.push(
      'its kernel is another build of that release, or was started with parameters of another cell',
    );
  }
  return differences;
}

/**
 * Lets the machine's next start be `boot`, once.
 * @throws NESTBENCH_CHECK_FAILED where GRUB has no entry for that kernel; what a failing command throws.
 */
export async function chooseBoot(machine: Machine, boot: Boot, signal: AbortSignal): Promise<void> {
  const check = (argv: readonly string[], input = ''): Promise<string> =>
    machine.check(argv, { signal, deadlineSeconds: COMMAND_SECONDS, input });
  const grubCfg = await check(['cat', GRUB_CFG]);
  const releases = releasesIn(grubCfg);
  const ours = await machine.run(['test', '-e', `${OUR_KERNELS}/vmlinuz-${boot.release}`], {
    signal,
    deadlineSeconds: COMMAND_SECONDS,
  });
  const isThere = releases.includes(boot.release) || ours.exitCode === 0;
  const entry = entryFor(grubCfg, boot);
  if (entry === undefined || !isThere || !grubCfg.includes('custom.cfg')) {
    const there = releases.join(', ');
    const why = grubCfg.includes('custom.cfg')
      ? `has no kernel ${boot.release}; it has ${there}`
      : `does not read ${CUSTOM_CFG}: /etc/grub.d/41_custom is not executable`;
    throw new NestbenchError('NESTBENCH_CHECK_FAILED', 'infrastructure', `GRUB on ${machine.name} ${why}.`, {
      machine: machine.name,
      output: there,
    });
  }
  await writeCustom(machine, entry, signal);
  await check(['grub-reboot', ENTRY]);
  await check(['sync']);
}

/** @returns whether there was anything of ours; the machine's next start is that of its own configuration then. */
export async function restoreGrub(machine: Machine, signal: AbortSignal): Promise<boolean> {
  const hadEntry = await writeCustom(machine, undefined, signal);
  if (!hadEntry) return false;
  const options = { signal, deadlineSeconds: COMMAND_SECONDS };
  await machine.check(['grub-editenv', '-', 'unset', 'next_entry'], options);
  return true;
}

/** @returns whether there was an entry of ours. */
async function writeCustom(
  machine: Machine,
  entry: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { signal, deadlineSeconds: COMMAND_SECONDS };
  const before = (await machine.run(['cat', CUSTOM_CFG], options)).stdout;
  const after = withEntry(before, entry);
  if (after === '') await machine.check(['rm', '-f', CUSTOM_CFG], options);
  else if (after !== before) {
    // In one step: a machine that loses its power meanwhile has one or the other.
    const write = 'cat >"$1.new" && mv "$1.new" "$1"';
    await machine.check(['sh', '-c', write, 'sh', CUSTOM_CFG], { ...options, input: after });
  }
  return before.includes(BEGIN);
}

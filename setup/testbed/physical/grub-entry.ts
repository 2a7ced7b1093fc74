/** nestbench's own entry in GRUB's menu, and the mark of a kernel that it booted. Pure. */
import { hashOf } from '../../lib/hash.ts';
import { defaultEntry, type GrubEnvironment, type MenuEntry, menuOf } from './grub-menu.ts';
import { grubWord } from './grub-words.ts';

/** What a machine should boot. */
export interface Boot {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Identifies the build of a built kernel, because another build may have the same release. */
  readonly build?: string;
  /** Added to those of the machine's own configuration. */
  readonly parameters: readonly string[];
}

export const ENTRY = 'nestbench';
const OURS = 'nestbench';
/**
 * Where built kernels are. update-grub does not look there, so that none becomes the machine's default by its version.
 */
export const OUR_KERNELS = `/boot/${OURS}`;
const [BEGIN, END] = ['### BEGIN nestbench ###', '### END nestbench ###'];
/** The same if nestbench had to add a line break before it. */
const BEGIN_JOINED = '### BEGIN nestbench, after a line break ###';
/**
 * A kernel that panics reboots the machine after this many seconds (Documentation/admin-guide/kernel-parameters.txt).
 */
const PANIC_SECONDS = 10;
const MARK = 'nestbench.boot';

/**
 * A parameter by which a running kernel shows that it was booted with exactly this. Kernels ignore a parameter of an
 * unknown module.
 */
export function markOf({ release, build, parameters }: Boot): string {
  return `${MARK}=${hashOf([release, ...(build === undefined ? [] : [build]), ...parameters])}`;
}

/** Whether a kernel with this command line was booted by nestbench's entry. */
export function isOurBoot(commandLine: string): boolean {
  return commandLine.split(/\s+/).some((word) => word.startsWith(`${MARK}=`));
}

/** Kernels that have their own entry in the menu. */
export function releasesIn(grubCfg: string): string[] {
  return [...grubCfg.matchAll(/^\s*menuentry .*\$menuentry_id_option 'gnulinux-(.+)-advanced-/gm)].map(
    ([, release = '']) => release,
  );
}

/**
 * An entry for that kernel under nestbench's name, with the parameters after the machine's own. It is made from the
 * machine's entry for it, or, for a built kernel, from the one that GRUB boots by default, which finds the same disk.
 * @returns undefined if the menu has no entry at all.
 */
export function entryFor(grubCfg: string, boot: Boot, environment: GrubEnvironment = {}): string | undefined {
  const releases = releasesIn(grubCfg);
  const byDefault = defaultRelease(grubCfg, environment);
  const like = [boot.release, byDefault, releases[0]].find(
    (release) => release !== undefined && releases.includes(release),
  );
  const entry = flat(menuOf(grubCfg)).find(({ id }) => id?.startsWith(`gnulinux-${like}-advanced-`));
  if (like === undefined || entry === undefined || entry.end === entry.start) return undefined;
  const words = [...boot.parameters, `panic=${PANIC_SECONDS}`, markOf(boot)].map(grubWord).join(' ');
  const body = grubCfg
    .split('\n')
    .slice(entry.start + 1, entry.end)
    // So it never becomes the machine's own default.
    .filter((line) => line.trim() !== 'savedefault')
    .map((line) => (/^\s*linux(efi|16)?\s/.test(line) ? `${line.trimEnd()} ${words}` : line))
    .map((line) => (like === boot.release ? line : forOurKernel(line, like, boot.release)));
  const title = grubWord(`nestbench: Linux ${boot.release}`);
  return [`menuentry ${title} --id ${ENTRY} {`, ...body, '}'].join('\n');
}

/** The kernel that GRUB boots by default; undefined if its entry has no release. */
export function defaultRelease(grubCfg: string, environment: GrubEnvironment): string | undefined {
  // An entry requested for a single boot is not what it boots the time after; before GRUB 2.00 grub-reboot saved the
  // default as prev_saved_entry.
  const { saved_entry: saved = '', prev_saved_entry: before = '' } = environment;
  return defaultEntry(grubCfg, { saved_entry: before === '' ? saved : before })?.release;
}

export function flat(menu: readonly MenuEntry[]): MenuEntry[] {
  return menu.flatMap((entry) => [entry, ...flat(entry.entries ?? [])]);
}

/** The path is relative to the file system's root, which may be /boot. */
function forOurKernel(line: string, like: string, release: string): string {
  return line
    .replace(`vmlinuz-${like}`, `${OURS}/vmlinuz-${release}`)
    .replace(`initrd.img-${like}`, `${OURS}/initrd.img-${release}`)
    .replace(`Loading Linux ${like} `, `Loading Linux ${release} `);
}

/** A custom.cfg with nestbench's entry, or without it if `entry` is undefined; everything else in it is kept. */
export function withEntry(customCfg: string, entry: string | undefined): string {
  const others = customCfg.replace(new RegExp(`(?:\n${BEGIN_JOINED}|${BEGIN})\n[^]*?${END}\n`), '');
  if (entry === undefined) return others;
  // After a last line without a newline, it would be a syntax error for the whole file.
  const begin = others === '' || others.endsWith('\n') ? BEGIN : `\n${BEGIN_JOINED}`;
  return `${others}${begin}\n${entry}\n${END}\n`;
}

/** Why it must reboot; empty if the requested kernel is running. */
export function differencesFrom(
  running: { readonly release: string; readonly commandLine: string },
  boot: Boot,
): string[] {
  const differences: string[] = [];
  if (running.release !== boot.release) {
    differences.push(`its kernel is ${running.release}, and ${boot.release} is needed`);
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

/**
 * GRUB on a physical machine, as set up by Debian and Ubuntu: which kernel it boots next, and with which parameters.
 *
 * nestbench adds its own menu entry, in the file that GRUB keeps for a user's additions (custom.cfg), and boots it once
 * (grub-reboot(8)). The machine's own configuration is not changed, so that a kernel or parameter with which it does
 * not come up costs one start: the next one is as before. Parameters in GRUB_CMDLINE_LINUX would affect every entry,
 * and a wrong root= was seen to keep the old kernel from booting as well.
 */
import { CheckError, DiskFullError, type NestbenchError } from '../../lib/errors.ts';
import { pairsOf } from '../../lib/lines.ts';
import type { Machine } from '../../machine/machine.ts';
import {
  type Boot,
  defaultRelease,
  ENTRY,
  entryFor,
  flat,
  OUR_KERNELS,
  releasesIn,
  withEntry,
} from './grub-entry.ts';
import { defaultEntry, defaultsIn, type GrubEnvironment, menuOf } from './grub-menu.ts';

const GRUB_CFG = '/boot/grub/grub.cfg';
/** Sourced by every grub.cfg made with /etc/grub.d/41_custom. */
export const CUSTOM_CFG = '/boot/grub/custom.cfg';
const COMMAND_SECONDS = 30;

/** What is running now. */
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

/** The kernel that the machine boots by default. */
export async function installedRelease(machine: Machine, signal: AbortSignal): Promise<string> {
  const grubCfg = await machine.check(['cat', GRUB_CFG], { signal, deadlineSeconds: COMMAND_SECONDS });
  // It is read last, so that its entries are the last and its default wins.
  const menu = `${grubCfg}\n${withEntry(await readCustom(machine, signal), undefined)}`;
  const environment = await readEnvironment(machine, signal);
  const release = defaultRelease(menu, environment);
  if (release !== undefined) return release;
  const entry = defaultEntry(menu, environment);
  const what =
    entry === undefined
      ? `has no kernel in its menu (${GRUB_CFG})`
      : `boots "${entry.title}" by default, whose kernel has no release in its name (${GRUB_CFG})`;
  throw grubError(
    machine,
    `${what}. Let its default be an entry of a kernel (GRUB_DEFAULT, then update-grub)`,
  );
}

async function readEnvironment(machine: Machine, signal: AbortSignal): Promise<GrubEnvironment> {
  return pairsOf(
    await machine.check(['grub-editenv', '-', 'list'], { signal, deadlineSeconds: COMMAND_SECONDS }),
  );
}

function grubError(machine: Machine, what: string, output = ''): NestbenchError {
  return new CheckError({ message: `GRUB on ${machine.name} ${what}.`, machine: machine.name, output });
}

/** Prints where GRUB's environment is stored, by GRUB's own names: abstractions, then the file system. */
export const PROBE_GRUBENV =
  'grub-probe --target=abstraction /boot/grub/grubenv && echo && grub-probe --target=fs /boot/grub/grubenv';

/**
 * Why GRUB can't undo a single boot there; undefined if it can. The lists are those of Debian's grub-reboot
 * (abstractions) and /etc/grub.d/00_header (check_writable).
 * @param probed the output of {@link PROBE_GRUBENV}.
 */
export function whyNotOnce(probed: string): string | undefined {
  const names = probed.split(/\s+/).filter((word) => word !== '');
  if (names.length === 0) return 'it is not known on what /boot/grub/grubenv is';
  const found = names.find((name) =>
    /^(diskfilter|lvm|mdraid\w*|raid\w*|ldm|btrfs|cpiofs|newc|odc|romfs|squash4|tarfs|zfs)$/.test(name),
  );
  return found && `GRUB can't write to /boot/grub/grubenv, which is on ${found}`;
}

/**
 * Makes the machine's next start boot `boot`, once.
 * @throws NESTBENCH_CHECK_FAILED if GRUB has no entry for that kernel, or would boot it more than once; what a failing
 * command throws.
 */
export async function chooseBoot(machine: Machine, boot: Boot, signal: AbortSignal): Promise<void> {
  const options = { signal, deadlineSeconds: COMMAND_SECONDS };
  const grubCfg = await machine.check(['cat', GRUB_CFG], options);
  const releases = releasesIn(grubCfg);
  const ours = await machine.run(['test', '-e', `${OUR_KERNELS}/vmlinuz-${boot.release}`], options);
  const isThere = releases.includes(boot.release) || ours.exitCode === 0;
  const entry = entryFor(grubCfg, boot, await readEnvironment(machine, signal));
  if (!grubCfg.includes('custom.cfg')) {
    throw grubError(machine, `does not read ${CUSTOM_CFG}: /etc/grub.d/41_custom is not executable`);
  }
  if (entry === undefined || !isThere) {
    const there = releases.join(', ');
    throw grubError(machine, `has no kernel ${boot.release}; it has ${there}`, there);
  }
  const custom = withEntry(await readCustom(machine, signal), undefined);
  const menu = flat(menuOf(`${grubCfg}\n${custom}`));
  if (menu.some(({ id, title }) => id === ENTRY || title === ENTRY)) {
    throw grubError(
      machine,
      `has an entry "${ENTRY}" already that is not nestbench's, and would boot that one. Remove it from ${CUSTOM_CFG} or ${GRUB_CFG}`,
    );
  }
  if (custom.trimEnd().endsWith('\\')) {
    throw grubError(
      machine,
      `has a ${CUSTOM_CFG} whose last line ends in a backslash, so what follows would be part of it. Remove the backslash`,
    );
  }
  const { stdout } = await machine.run(['sh', '-c', PROBE_GRUBENV], options);
  const setsDefault = defaultsIn(custom).length > 0;
  const why = !grubCfg.includes('save_env next_entry')
    ? `${GRUB_CFG} does not clear next_entry after one start`
    : setsDefault
      ? `${CUSTOM_CFG} sets the default itself, whatever nestbench requests`
      : whyNotOnce(stdout);
  if (why !== undefined) throw notOnce(machine, why);
  await writeCustom(machine, entry, signal);
  const asked = await machine.run(['env', 'LC_ALL=C', 'grub-reboot', ENTRY], options);
  const said = `${asked.stdout}${asked.stderr}`.trim();
  const next = (await readEnvironment(machine, signal))['next_entry'];
  if (asked.exitCode !== 0 || /warning|remain the default/i.test(said) || next !== ENTRY) {
    await forgetChoice(machine, signal);
    throw notOnce(machine, `grub-reboot says "${said}"`);
  }
  await machine.check(['sync'], options);
}

function notOnce(machine: Machine, why: string): NestbenchError {
  return grubError(
    machine,
    `can't boot a kernel for just one start: ${why}. A kernel that fails would stay the default, so nothing is booted. "npm run doctor" says what it needs`,
    why,
  );
}

async function forgetChoice(machine: Machine, signal: AbortSignal): Promise<void> {
  const options = { signal, deadlineSeconds: COMMAND_SECONDS };
  await machine.check(['grub-editenv', '-', 'unset', 'next_entry'], options);
}

/**
 * @returns whether there was anything of nestbench; the machine's next start then uses its own configuration.
 */
export async function restoreGrub(machine: Machine, signal: AbortSignal): Promise<boolean> {
  const hadEntry = await writeCustom(machine, undefined, signal);
  if (!hadEntry) return false;
  if ((await readEnvironment(machine, signal))['next_entry'] === ENTRY) await forgetChoice(machine, signal);
  return true;
}

/**
 * Writes standard input to $1 atomically, so that a machine that loses power has the old or the new file. Keeps links,
 * owner and mode. If $2 is `check`, GRUB must be able to read it first.
 */
const WRITE = `
set -e
file=$(readlink -f "$1")
new=$(mktemp "$file.XXXXXX")
trap 'rm -f "$new"' EXIT
if [ -e "$file" ]; then cp -p "$file" "$new"; else chmod 644 "$new"; fi
cat >"$new"
if [ "$2" = check ] && command -v grub-script-check >/dev/null; then grub-script-check "$new"; fi
sync
mv "$new" "$file"`;

/** Empty without one. */
function readCustom(machine: Machine, signal: AbortSignal): Promise<string> {
  const read = ['sh', '-c', 'if [ -e "$1" ]; then cat "$1"; fi', 'sh', CUSTOM_CFG];
  return machine.check(read, { signal, deadlineSeconds: COMMAND_SECONDS });
}

/**
 * @returns whether there was an entry of nestbench.
 */
async function writeCustom(
  machine: Machine,
  entry: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { signal, deadlineSeconds: COMMAND_SECONDS };
  const before = await readCustom(machine, signal);
  if (before.includes('\u{FFFD}'))
    throw grubError(machine, `has a ${CUSTOM_CFG} that is not text in UTF-8, so it is left alone`);
  const after = withEntry(before, entry);
  const hadEntry = withEntry(before, undefined) !== before;
  if (after === before) return hadEntry;
  if (after === '') {
    await machine.check(['rm', '-f', CUSTOM_CFG], options);
    return hadEntry;
  }
  const written = await machine.run(
    ['sh', '-c', WRITE, 'sh', CUSTOM_CFG, entry === undefined ? 'write' : 'check'],
    { ...options, input: after },
  );
  if (written.exitCode === 0) return hadEntry;
  if (written.stderr.includes('No space left on device')) {
    throw new DiskFullError({
      message: `${machine.name} has no room left in /boot to ${entry === undefined ? `remove nestbench's entry from ${CUSTOM_CFG}` : `write nestbench's entry to ${CUSTOM_CFG}`}: ${written.stderr.trim()}. Make room there. Nothing was changed.`,
      machine: machine.name,
      output: written.stderr,
    });
  }
  throw grubError(
    machine,
    entry === undefined
      ? `still has nestbench's entry, as ${CUSTOM_CFG} could not be written: ${written.stderr.trim()}`
      : `can't read ${CUSTOM_CFG} with nestbench's entry in it, so it is left as it was: ${written.stderr.trim()}`,
    written.stderr,
  );
}

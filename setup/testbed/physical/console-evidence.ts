/** What a console's text says about the start of a machine that was just rebooted. */

export interface Evidence {
  /** The message that shows why a machine does not come up; undefined without one. */
  readonly fault: string | undefined;
  /** The text up to the fault: after it, another kernel may be printing. */
  readonly text: string;
  /** Whether a kernel was seen to start. Without that, nothing is known about its health either. */
  readonly hasKernel: boolean;
}

/** A kernel's first line, and the last one of a kernel that reboots (kernel/reboot.c, arch/x86/kernel/reboot.c). */
const KERNEL = /^.*Linux version \d.*$/gm;
const RESTART = /^.*reboot: (?:Restarting system|machine restart).*$/gm;
/** The first output of SeaBIOS, EDK II, iPXE and GRUB, even if no kernel reported a restart, as after a reset. */
const LOADER =
  /^(?:SeaBIOS \(version|BdsDxe: |iPXE \d|UEFI Interactive Shell|Welcome to GRUB!|GRUB loading| *GNU GRUB +version)/gm;

/** Messages of kernels, initramfs-tools, dracut, cryptsetup and systemd when they can't continue. */
const KERNEL_FAULTS = [
  /Kernel panic - not syncing: .*/,
  /VFS: (?:Cannot open root device|Unable to mount root fs) .*/,
  /(?:BUG: unable to handle|kernel BUG at|Oops: |general protection fault).*/,
  /rcu.* (?:self-detected stall|detected stalls) .*/,
  /task \S+ blocked for more than \d+ seconds.*/,
  /Gave up waiting for [^.\n]*/,
  /ALERT! .*(?:does not exist|not found).*/,
  /.*(?:\(initramfs\)|dracut:\/#)/,
  /Warning: dracut-initqueue:? timeout.*/,
  /dracut-initqueue\S*: Warning: .*timeout.*/,
  /BusyBox v.* built-in shell.*/,
  /Timed out waiting for device .*/,
  /Failed to (?:start Switch Root|mount (?:API filesystems|\/sysroot)).*/,
  /systemd\[1\]: (?:Freezing execution|Caught <).*/,
  /.*(?:Welcome to|You are in|Entering) (?:emergency|rescue|maintenance) mode.*/i,
  /.*(?:Give root password|Press Enter) for maintenance.*/,
  /.*Cannot open access to console, the root account is locked.*/,
  /.*(?:unlock disk|enter (?:the )?(?:passphrase|recovery key|LUKS2? \S+ PIN)|passphrase for (?:disk|volume|['"/])).*/i,
  /.*UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.*/,
  /.*(?:BUG: soft lockup|detected hard LOCKUP).*/i,
];

/**
 * Messages of GRUB and firmware: GRUB's errors, its password (password_pbkdf2), its prompts, and no disk to boot from.
 */
const LOADER_FAULTS = [
  // It continues without graphics, a translation, or a writable environment file.
  /^\s*error: (?!no (?:suitable )?video mode|.*\/locale\/|sparse file not allowed).*/m,
  /^EFI stub: ERROR: .*/m,
  /.*Security Violation.*/,
  /^Shell>/m,
  /.*(?:Enter username:|Enter password:).*/,
  /^.*grub(?: rescue)?>/m,
  /.*(?:No bootable device|No boot(?:able)? (?:device|disk|media|option)|Missing operating system|Operating System not found|Reboot and Select proper Boot device).*/i,
  // GRUB asks for it too, if /boot is encrypted.
  /.*(?:enter (?:the )?passphrase|passphrase for).*/i,
];

/**
 * Evidence about the newest start. Text that a console server repeats from earlier ones comes before the newest
 * kernel's first line, and does not count; GRUB's messages after the last restart count unless a kernel followed.
 * @param cameUp whether a machine came up after all: then the newest kernel is not the requested one, and the previous
 * start counts.
 */
export function evidenceOf(console: string, cameUp: boolean): Evidence {
  const kernels = positions(console, KERNEL);
  const end = cameUp ? kernels.at(-1) : undefined;
  const asked = cameUp ? kernels.at(-2) : kernels.at(-1);
  const text = console.slice(0, end);
  const restarts = positions(text, RESTART);
  // If the kernel prints no first line, as with quiet, what follows the requested restart.
  const start = asked ?? restarts.at(cameUp && restarts.length > 1 ? -2 : -1) ?? 0;
  const restart = restarts.at(-1) ?? 0;
  const hasRestart = asked === undefined || restart > asked;
  // A reset reports no restart, but shows the firmware before a kernel prints again.
  const reset = hasRestart ? undefined : positions(text, LOADER).find((at) => at > asked);
  const from = hasRestart ? Math.max(start, restart) : reset;
  const loader = from === undefined ? undefined : firstOf(text, LOADER_FAULTS, from);
  const kernel = firstOf(text, KERNEL_FAULTS, start);
  const found = hasRestart ? (loader ?? kernel) : (kernel ?? loader);
  return {
    fault: found?.[0].trim(),
    text: found === undefined ? text.slice(start) : text.slice(start, found.index + found[0].length),
    hasKernel: !hasRestart && (reset === undefined || cameUp),
  };
}

function positions(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(({ index }) => index);
}

/** The first match of any of these from `start` on, with its position in the whole text. */
function firstOf(
  text: string,
  patterns: readonly RegExp[],
  start: number,
): { readonly 0: string; readonly index: number } | undefined {
  const rest = text.slice(start);
  return patterns
    .flatMap((pattern) => {
      const found = pattern.exec(rest);
      return found === null ? [] : [{ 0: found[0], index: start + found.index }];
    })
    .toSorted((one, other) => one.index - other.index)
    .at(0);
}

/** What a fault breaks on a machine of the user's, and how it is put back: shell commands. An undo may run twice. */
import type { Break } from './broken-machine.ts';

export type What = Pick<Break, 'command' | 'undo'>;

/** What a fault calls the server's interface. */
export const OTHER_NAME = 'nbfault0';
export const LINK_FILE = '/etc/systemd/network/00-nestbench-faults.link';

/**
 * Gives an interface another name.
 * @param when at once, or by udev when the machine starts the next time (systemd.link(5)).
 */
export function rename(nic: string, when: 'now' | 'next start'): What {
  // udev makes the name that it would give it another one of its names, which it then can't be renamed to.
  const free = `ip link property del dev ${OTHER_NAME} altname ${nic} 2>/dev/null`;
  const undo = `rm -f ${LINK_FILE}; [ ! -e /sys/class/net/${OTHER_NAME} ] || { ${free}; ${renaming(OTHER_NAME, nic)}; }`;
  if (when === 'now') return { undo, command: renaming(nic, OTHER_NAME) };
  const link = `printf '[Match]\\nMACAddress=%s\\n[Link]\\nName=${OTHER_NAME}\\n' "$(cat /sys/class/net/${nic}/address)"`;
  return { undo, command: `mkdir -p "$(dirname ${LINK_FILE})" && ${link} >${LINK_FILE} && sync` };
}

/** Kernels before 6.2 rename only what is down. */
function renaming(from: string, to: string): string {
  return `up=$(($(cat /sys/class/net/${from}/flags) & 1)) && ip link set dev ${from} down && ip link set dev ${from} name ${to} && { [ "$up" = 0 ] || ip link set dev ${to} up; }`;
}

export const [FILLER, SECOND] = ['/boot/nestbench-faults.1', '/boot/nestbench-faults.2'] as const;
/** Left to the second file: a file system needs some room to note where the first one is. */
const LAST_BYTES = 4 * 2 ** 20;

/** Fills the file system of /boot, with the blocks that are reserved for root. */
export const FILL_BOOT: What = {
  undo: `rm -f ${FILLER} ${SECOND}`,
  command: `bytes=$(($(stat -f -c '%f * %S' /boot) - ${LAST_BYTES})); [ "$bytes" -le 0 ] || fallocate -l "$bytes" ${FILLER}; dd if=/dev/zero of=${SECOND} bs=4k 2>/dev/null; sync`,
};

const KEYS = '~root/.ssh/authorized_keys';
export const NO_KEYS = '/run/nestbench-faults.keys';
/** sshd may have the file open just then. */
const UNMOUNTS = 50;

/** Hides root's keys behind a mount, which a reset removes, whatever becomes of the campaign. */
export const HIDE_KEYS: What = {
  undo: `tries=0; while mountpoint -q ${KEYS}; do umount ${KEYS} || sleep 0.1; tries=$((tries + 1)); [ "$tries" -lt ${UNMOUNTS} ] || exit 1; done; rm -f ${NO_KEYS}`,
  command: `[ -e ${KEYS} ] || exit 9; : >${NO_KEYS} && chmod 600 ${NO_KEYS} && mount --bind ${NO_KEYS} ${KEYS}`,
};

/** Waits until the machine is about to be rebooted by nestbench, and lets GRUB forget what it was asked for. To be begun. */
export const FORGET_CHOICE =
  'tries=0; until pgrep -f "[s]leep 1; reboot" >/dev/null; do tries=$((tries + 1)); [ "$tries" -lt 6000 ] || exit; sleep 0.05; done; grub-editenv - unset next_entry; sync';

/** An immediate reset (Documentation/admin-guide/sysrq.rst). To be begun. */
export const RESET = 'sleep 1; echo b >/proc/sysrq-trigger';

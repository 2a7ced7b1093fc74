import { describe, expect, test } from 'vitest';
import { evidenceOf } from './console-evidence.ts';

const KERNEL = '[    0.000000] Linux version 6.1.0-50-amd64 (debian) #1 SMP';
const RESTART = '[ 1234.567890] reboot: Restarting system';
const PANIC = '[    1.234567] Kernel panic - not syncing: VFS: Unable to mount root fs';
const GRUB_ERROR = "error: file `/boot/nestbench/vmlinuz-6.9' not found.";

function fault(lines: readonly string[], cameUp = false): string | undefined {
  return evidenceOf(`${lines.join('\r\n')}\r\n`.replaceAll('\r', ''), cameUp).fault;
}

function hasKernel(...lines: string[]): boolean {
  return evidenceOf(lines.join('\n'), false).hasKernel;
}

describe('of a machine that did not come up', () => {
  test.each([
    PANIC,
    'Gave up waiting for root file system device',
    'ALERT!  UUID=1 does not exist.  Dropping to a shell!',
    '(initramfs)',
    'You are in emergency mode. After logging in, type "journalctl -xb"',
    'Welcome to emergency mode!',
    'Entering emergency mode. Exit the shell to continue.',
    'Give root password for maintenance',
    'Cannot open access to console, the root account is locked.',
    'Please unlock disk sda5_crypt: ',
    'Please enter passphrase for disk VBOX (root):',
    'dracut:/#',
    'dracut-initqueue[300]: Warning: dracut-initqueue: starting timeout scripts',
    'BusyBox v1.35.0 (Debian 1:1.35.0-4) built-in shell (ash)',
    'Please enter LUKS2 token PIN: ',
    'Please enter recovery key for disk root:',
    'Press Enter for maintenance',
    'VFS: Cannot open root device "sda9" or unknown-block(0,0): error -6',
    'BUG: unable to handle page fault for address: ffffffff',
    'rcu: INFO: rcu_sched self-detected stall on CPU',
    'watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [swapper/1:0]',
    'Timed out waiting for device /dev/disk/by-uuid/1.',
    'systemd[1]: Freezing execution.',
    '/dev/sda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.',
  ])('"%s" is the fault', (line) => {
    expect(fault([KERNEL, 'booting', line])).toBe(line.trim().replace(/^\[.*?\] /, ''));
  });

  test.each([
    GRUB_ERROR,
    'error: you need to load the kernel first.',
    'error: no such device: 1234-5678.',
    'error: bad shim signature.',
    'Enter username:',
    'grub rescue>',
    'grub>',
    'Enter passphrase for hd0,gpt2 (1234): ',
    'No bootable device.',
    'ERROR: No boot disk has been detected',
    'Missing operating system',
    'EFI stub: ERROR: Failed to load initrd',
    'Verification failed: (0x1A) Security Violation',
    'Shell>',
  ])('"%s" of GRUB or firmware is the fault, if no kernel followed', (line) => {
    expect(fault([line])).toBe(line.trim());
    expect(fault([KERNEL, 'login:', RESTART, 'GRUB loading.', line])).toBe(line.trim());
    expect(fault([line, KERNEL, 'Debian GNU/Linux 12 server ttyS0'])).toBe(undefined);
    // A reset, which the old kernel does not report.
    expect(fault([KERNEL, 'login:', 'GRUB loading.', line])).toBe(line.trim());
  });

  test('an old panic that a console server shows again does not count', () => {
    expect(fault([KERNEL, PANIC, KERNEL, 'booting'])).toBe(undefined);
    expect(fault([PANIC, KERNEL, 'booting'])).toBe(undefined);
    expect(fault([PANIC, RESTART, 'GRUB loading.'])).toBe(undefined);
    expect(fault([KERNEL, PANIC, KERNEL, 'login:', RESTART, GRUB_ERROR])).toBe(GRUB_ERROR);
  });

  test('errors of a kernel’s own services are not errors of GRUB', () => {
    expect(fault([KERNEL, 'error: no config file'])).toBe(undefined);
  });

  test.each([
    'hard lockup detector disabled',
    'sshd: passphrase for key is cached',
    'Reached target cryptsetup passphrase agents',
    'systemd[1]: Started Forward Password Requests to Wall Directory Watch.',
    'Command line: root=/dev/sda1 panic=10 softlockup_panic=1',
  ])('"%s" is not a fault', (line) => {
    expect(fault([KERNEL, line])).toBe(undefined);
  });

  test.each([
    'error: no suitable video mode found.',
    "error: file `/boot/grub/locale/de.gmo' not found.",
    'error: sparse file not allowed.',
  ])('"%s" of GRUB does not prevent a boot', (line) => {
    expect(fault(['GRUB loading.', line, 'Booting in blind mode'])).toBe(undefined);
  });

  test('a panic is the cause of the GRUB after it', () => {
    expect(fault([KERNEL, PANIC, 'Rebooting in 10 seconds..', 'GRUB loading.', GRUB_ERROR])).toContain(
      'Kernel panic',
    );
  });

  test('only the newest start shows whether a kernel was seen', () => {
    expect(hasKernel('GRUB')).toBe(false);
    expect(hasKernel(KERNEL, 'booting')).toBe(true);
    expect(hasKernel(KERNEL, RESTART, 'GRUB')).toBe(false);
    expect(hasKernel(KERNEL, RESTART, 'GRUB', KERNEL)).toBe(true);
    expect(hasKernel(KERNEL, 'login:', 'SeaBIOS (version 1.16)')).toBe(false);
  });
});

describe('of one that came up with another kernel', () => {
  const OTHER = KERNEL.replace('6.1.0-50', '5.15.0');

  test('the previous start counts', () => {
    expect(fault([OTHER, RESTART, KERNEL, PANIC, OTHER, 'login:'], true)).toContain('Kernel panic');
    // Debian's initramfs restarts the machine in order.
    const gaveUp = 'Gave up waiting for root file system device.  Common problems:';
    expect(fault([OTHER, RESTART, KERNEL, gaveUp, RESTART, 'GRUB loading.', OTHER, 'login:'], true)).toBe(
      'Gave up waiting for root file system device',
    );
    expect(fault([OTHER, RESTART, GRUB_ERROR, OTHER, 'login:'], true)).toBe(GRUB_ERROR);
    expect(fault([OTHER, RESTART, 'GRUB loading.', OTHER, 'login:'], true)).toBe(undefined);
  });

  test('an old panic does not count', () => {
    expect(fault([OTHER, PANIC, OTHER, RESTART, KERNEL, 'booting', OTHER], true)).toBe(undefined);
  });

  test('quiet kernels are distinguished by their restarts', () => {
    expect(fault([PANIC, RESTART, 'GRUB', RESTART, 'login:'], true)).toBe(undefined);
    expect(fault([RESTART, PANIC, 'GRUB', 'login:'], true)).toContain('Kernel panic');
  });
});

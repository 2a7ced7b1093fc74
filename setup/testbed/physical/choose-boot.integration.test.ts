/** What is done to a machine's GRUB, with GRUB's own programs. */
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { chooseBoot, installedRelease, restoreGrub } from './grub.ts';
import { type GrubMachine, grubMachine, whyNoGrub } from './grub-machine.testing.ts';

const never = new AbortController().signal;
const options = { signal: never, deadlineSeconds: 20 };
const captured = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, 'captured', name), 'utf8');
const debian = captured('grub-debian-12.cfg');
const boot = { release: '6.1.0-50-cloud-amd64', parameters: ['memmap=4G$0x100000000', 'a=b;c'] };

beforeEach(({ skip }) => skip(whyNoGrub() !== undefined, whyNoGrub()));

function custom({ boot: directory }: GrubMachine): string {
  return path.join(directory, 'grub/custom.cfg');
}

const environment = ({ machine }: GrubMachine): Promise<string> =>
  machine.check(['grub-editenv', '-', 'list'], options);

test.each(['custom-no-newline.cfg', 'custom-no-newline-set.cfg'])(
  '%s: GRUB can read the result',
  async (name) => {
    await using its = await grubMachine(debian);
    const own = captured(`cases/${name}`);
    writeFileSync(custom(its), own, { mode: 0o600 });
    await chooseBoot(its.machine, boot, never);
    await its.machine.check(['grub-script-check', '/boot/grub/custom.cfg'], options);
    expect(readFileSync(custom(its), 'utf8')).toContain("'memmap=4G$0x100000000' 'a=b;c'");
    expect(await environment(its)).toBe('next_entry=nestbench\n');
    expect(await restoreGrub(its.machine, never)).toBe(true);
    expect(readFileSync(custom(its), 'utf8')).toBe(own);
    expect(statSync(custom(its)).mode & 0o777).toBe(0o600);
    expect(await environment(its)).toBe('');
  },
);

test('a custom.cfg that only nestbench wrote is gone afterwards, and a second restore finds nothing', async () => {
  await using its = await grubMachine(debian);
  await chooseBoot(its.machine, boot, never);
  expect(await restoreGrub(its.machine, never)).toBe(true);
  expect(existsSync(custom(its))).toBe(false);
  expect(await restoreGrub(its.machine, never)).toBe(false);
});

test('a /boot without room is named, and nothing is changed', async () => {
  await using its = await grubMachine(debian);
  // In the mount namespace of its own.
  const fill = [
    'cd "$1" && mkdir small && mount -t tmpfs -o size=128k tmpfs small && cp -a /boot/. small',
    'mount --bind small /boot && dd if=/dev/zero of=/boot/filler bs=1k 2>/dev/null; true',
  ].join(' && ');
  await its.machine.check(['sh', '-c', fill, 'sh', path.dirname(its.boot)], options);
  await expect(chooseBoot(its.machine, boot, never)).rejects.toMatchObject({
    code: 'NESTBENCH_NO_SPACE',
    message: expect.stringMatching(
      /^server has no room left in \/boot to write nestbench's entry to \/boot\/grub\/custom\.cfg: /,
    ),
  });
  expect(await environment(its)).toBe('');
  await its.machine.check(['rm', '/boot/filler'], options);
  await chooseBoot(its.machine, boot, never);
});

test('a custom.cfg that is a link stays one', async () => {
  await using its = await grubMachine(debian);
  const file = path.join(its.boot, 'theirs.cfg');
  writeFileSync(file, 'set a=b\n');
  symlinkSync('../theirs.cfg', custom(its));
  await chooseBoot(its.machine, boot, never);
  expect(readFileSync(file, 'utf8')).toContain('### BEGIN nestbench ###');
  await restoreGrub(its.machine, never);
  expect(readFileSync(file, 'utf8')).toBe('set a=b\n');
});

test.each([
  [
    'what GRUB cannot read',
    Buffer.from('if true; then\n'),
    "can't read /boot/grub/custom.cfg with nestbench's entry",
  ],
  ['a last line that goes on', Buffer.from('set timeout=5\\'), 'last line ends in a backslash'],
  [
    'an entry of our name',
    Buffer.from('menuentry "Mine" --id nestbench {\n linux /boot/vmlinuz-1\n}\n'),
    'has an entry "nestbench" already',
  ],
  [
    'a half of our own part',
    Buffer.from("### BEGIN nestbench ###\nmenuentry 'nestbench: Linux 1' --id nestbench {\n\tlinux /x\n}\n"),
    'has an entry "nestbench" already',
  ],
  ['what is no UTF-8', Buffer.from("menuentry 'B\u00FCro' {\n}\n", 'latin1'), 'is not text in UTF-8'],
])('a custom.cfg with %s is left unchanged', async (_, own, why) => {
  await using its = await grubMachine(debian);
  writeFileSync(custom(its), own);
  await expect(chooseBoot(its.machine, boot, never)).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: expect.stringContaining(why),
  });
  expect(readFileSync(custom(its))).toEqual(own);
  expect(await environment(its)).toBe('');
});

test.each([
  'set timeout=5; set default=2',
  'if true; then set default=2; fi',
  'set "default=2"',
  'default=2',
])('a custom.cfg with "%s" sets the default itself', async (line) => {
  await using its = await grubMachine(debian);
  writeFileSync(custom(its), `${line}\n`);
  await expect(chooseBoot(its.machine, boot, never)).rejects.toMatchObject({
    message: expect.stringContaining('sets the default itself'),
  });
  expect(readFileSync(custom(its), 'utf8')).toBe(`${line}\n`);
});

test.each([
  ['LVM', { abstraction: 'lvm', fs: 'ext2' }],
  ['RAID', { abstraction: 'diskfilter mdraid1x', fs: 'ext2' }],
  ['btrfs', { abstraction: '', fs: 'btrfs' }],
])('with /boot on %s nothing is changed', async (_, probe) => {
  await using its = await grubMachine(debian, probe);
  await expect(chooseBoot(its.machine, boot, never)).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: expect.stringMatching(
      /^GRUB on server can't boot a kernel for just one start: GRUB can't write to /,
    ),
  });
  expect(existsSync(custom(its))).toBe(false);
  expect(await environment(its)).toBe('');
});

test('a custom.cfg that sets the default itself is left unchanged, and is what boots by default', async () => {
  await using its = await grubMachine(captured('cases/pinned-default.cfg'));
  writeFileSync(custom(its), 'set default=0\n');
  expect(await installedRelease(its.machine, never)).toBe('6.8.0-40-generic');
  const other = { ...boot, release: '6.8.0-40-generic' };
  await expect(chooseBoot(its.machine, other, never)).rejects.toMatchObject({
    message: expect.stringContaining(
      '/boot/grub/custom.cfg sets the default itself, whatever nestbench requests',
    ),
  });
  expect(readFileSync(custom(its), 'utf8')).toBe('set default=0\n');
});

test('a warning of grub-reboot itself is noticed, and the request withdrawn', async () => {
  await using its = await grubMachine(debian);
  // As from one that knows more about the disk.
  const said = path.join(its.boot, 'grub-reboot');
  writeFileSync(
    said,
    '#!/bin/sh\necho "WARNING: Detected GRUB environment block on lvm device"\ngrub-editenv - set next_entry="$1"\n',
  );
  chmodSync(said, 0o755);
  await its.machine.check(['mount', '--bind', '/boot/grub-reboot', '/usr/sbin/grub-reboot'], options);
  await expect(chooseBoot(its.machine, boot, never)).rejects.toMatchObject({
    message: expect.stringContaining('WARNING: Detected GRUB environment block on lvm device'),
  });
  expect(await environment(its)).toBe('');
});

test("the machine's own kernel is the one that GRUB boots by default", async () => {
  await using its = await grubMachine(captured('cases/pinned-default.cfg'));
  expect(await installedRelease(its.machine, never)).toBe('5.15.0-91-generic');
  writeFileSync(
    path.join(its.boot, 'grub/grub.cfg'),
    captured('cases/pinned-default.cfg').replace(/set default="gnulinux.*"/, 'set default="${saved_entry}"'),
  );
  expect(await installedRelease(its.machine, never)).toBe('6.8.0-40-generic');
  await its.machine.check(['grub-editenv', '-', 'set', 'saved_entry=1>1', 'next_entry=0'], options);
  expect(await installedRelease(its.machine, never)).toBe('5.15.0-91-generic');
});

test('a default without a release in its name is reported', async () => {
  await using its = await grubMachine("set default=0\nmenuentry 'Linux' {\n\tlinux /boot/vmlinuz ro\n}\n");
  await expect(installedRelease(its.machine, never)).rejects.toMatchObject({
    message: expect.stringContaining('boots "Linux" by default, whose kernel has no release in its name'),
  });
});

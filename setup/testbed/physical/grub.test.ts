import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { differencesFrom, entryFor, markOf, releasesIn, withEntry } from './grub-entry.ts';
import { whyNotOnce } from './grub.ts';
import { grubWords } from './grub-words.ts';

/** Written by update-grub on the Debian 12 of the end-to-end test. */
const grubCfg = readFileSync(path.join(import.meta.dirname, 'captured/grub-debian-12.cfg'), 'utf8');
const boot = { release: '4.18.0-base', parameters: ['maxcpus=10', 'kvm-intel.nested=1'] };

const RELEASE = '6.1.0-50-cloud-amd64';

test('the menu has an entry for each kernel, and none of its recovery entries', () => {
  expect(releasesIn(grubCfg)).toEqual([RELEASE]);
  const submenu = grubCfg.slice(grubCfg.indexOf('submenu'));
  const more = `${submenu.replaceAll(RELEASE, boot.release)}\n${submenu}`;
  expect(releasesIn(more)).toEqual([boot.release, RELEASE]);
});

test('its entry is the machine’s own for that kernel, with the parameters after its own', () => {
  const entry = entryFor(grubCfg, { ...boot, release: RELEASE }) ?? '';
  const lines = entry.split('\n');
  expect(lines[0]).toBe(`menuentry 'nestbench: Linux ${RELEASE}' --id nestbench {`);
  expect(lines.at(-1)).toBe('}');
  expect(lines.filter((line) => /^\s*linux\s/.test(line))).toEqual([
    expect.stringMatching(
      new RegExp(
        `^\t\tlinux\t/boot/vmlinuz-${RELEASE} root=UUID=\\S+ ro console=ttyS0,115200 maxcpus=10 kvm-intel\\.nested=1 panic=10 nestbench\\.boot=\\w+$`,
      ),
    ),
  ]);
  expect(entry).toContain(`\t\tinitrd\t/boot/initrd.img-${RELEASE}\n`);
  expect(entryFor('', boot)).toBeUndefined();
});

test('that of a built kernel is made from the machine’s first, with nestbench’s files', () => {
  const entry = entryFor(grubCfg, boot) ?? '';
  expect(entry).toMatch(
    /^\t\tlinux\t\/boot\/nestbench\/vmlinuz-4\.18\.0-base root=UUID=\S+ ro console=ttyS0,115200 maxcpus=10 /m,
  );
  expect(entry).toContain('\t\tinitrd\t/boot/nestbench/initrd.img-4.18.0-base\n');
  expect(entry).not.toContain(RELEASE);
});

test('a user’s custom.cfg is kept', () => {
  const own = "menuentry 'mine' {\n\ttrue\n}\n";
  const once = withEntry(own, 'one');
  expect(once.startsWith(own)).toBe(true);
  const twice = withEntry(once, 'two');
  expect(twice).toContain('two');
  expect(twice).not.toContain('one');
  expect(withEntry(twice, undefined)).toBe(own);
  expect(withEntry('', undefined)).toBe('');
});

test.each(['custom-no-newline.cfg', 'custom-no-newline-set.cfg'])(
  '%s: nestbench’s entry begins on its own line, and is removed without a trace',
  (name) => {
    const own = readFileSync(path.join(import.meta.dirname, 'captured/cases', name), 'utf8');
    const once = withEntry(own, 'one');
    expect(once.startsWith(`${own}\n### BEGIN nestbench`)).toBe(true);
    const twice = withEntry(once, 'two');
    expect(twice).toBe(once.replace('one', 'two'));
    expect(withEntry(twice, undefined)).toBe(own);
    // Text that was added after it is kept.
    expect(withEntry(`${twice}set a=b\n`, undefined)).toBe(`${own}set a=b\n`);
  },
);

test('parameters reach the kernel unchanged', () => {
  const parameters = ['memmap=4G$0x100000000', 'a=b;c', 'x={1,2}', 'y=#1', 'z=&|<>', 'w=$(q)'];
  const entry = entryFor(grubCfg, { ...boot, parameters }) ?? '';
  const line = entry.split('\n').find((each) => /^\s*linux\s/.test(each)) ?? '';
  expect(grubWords(line)).toEqual(expect.arrayContaining(parameters));
  expect(line).toContain(" 'memmap=4G$0x100000000' 'a=b;c' ");
});

test('the entry of a built kernel is made from the one that boots by default', () => {
  const pinned = readFileSync(path.join(import.meta.dirname, 'captured/cases/pinned-default.cfg'), 'utf8');
  const older = pinned.replace('vmlinuz-5.15.0-91-generic root=', 'vmlinuz-5.15.0-91-generic quiet root=');
  expect(entryFor(older, boot)).toContain('\tlinux\t/boot/nestbench/vmlinuz-4.18.0-base quiet root=');
});

test('nestbench’s entry is never what GRUB saves as its default', () => {
  const saving = grubCfg.replaceAll(/^(\s*)load_video$/gm, '$1savedefault\n$1load_video');
  expect(saving).toContain('\tsavedefault\n');
  expect(entryFor(saving, boot)).not.toContain('savedefault');
});

test.each([
  ['\n\next2\n', undefined],
  ['\n\nxfs\n', undefined],
  ['cryptodisk luks2\n\next2\n', undefined],
  ['lvm\n\next2\n', "GRUB can't write to /boot/grub/grubenv, which is on lvm"],
  ['diskfilter mdraid1x\n\next2\n', "GRUB can't write to /boot/grub/grubenv, which is on diskfilter"],
  ['\n\nbtrfs\n', "GRUB can't write to /boot/grub/grubenv, which is on btrfs"],
  ['\n\nzfs\n', "GRUB can't write to /boot/grub/grubenv, which is on zfs"],
  ['', 'it is not known on what /boot/grub/grubenv is'],
])('with a grubenv on %j, GRUB can or can’t undo a single boot', (probed, why) => {
  expect(whyNotOnce(probed)).toBe(why);
});

test('a machine that already runs the requested kernel is left alone', () => {
  const commandLine = `root=UUID=1 ro maxcpus=10 kvm-intel.nested=1 ${markOf(boot)}\n`;
  expect(differencesFrom({ release: boot.release, commandLine }, boot)).toEqual([]);
  // So is one that a user set up by hand.
  expect(
    differencesFrom({ release: boot.release, commandLine: commandLine.replace(/nestbench\S+/, '') }, boot),
  ).toEqual([]);
});

test('another build of the same release is not the requested one', () => {
  const old = { ...boot, build: 'commit-1' };
  const fresh = { ...boot, build: 'commit-2' };
  const commandLine = `maxcpus=10 kvm-intel.nested=1 ${markOf(old)}`;
  expect(differencesFrom({ release: boot.release, commandLine }, old)).toEqual([]);
  expect(differencesFrom({ release: boot.release, commandLine }, fresh)).toHaveLength(1);
  // Without a mark it is unknown.
  const unmarked = commandLine.replace(/nestbench\S+/, '');
  expect(differencesFrom({ release: boot.release, commandLine: unmarked }, old)).toHaveLength(1);
});

test('each difference is a reason', () => {
  const running = { release: '6.1.0-50-cloud-amd64', commandLine: 'root=UUID=1 maxcpus=1' };
  expect(differencesFrom(running, boot)).toEqual([
    'its kernel is 6.1.0-50-cloud-amd64, and 4.18.0-base is needed',
    'its kernel was started without maxcpus=10 kvm-intel.nested=1',
  ]);
  // Parameters of another cell that this one does not have.
  const other = { ...boot, parameters: [...boot.parameters, 'intel_iommu=on'] };
  const commandLine = `maxcpus=10 kvm-intel.nested=1 intel_iommu=on ${markOf(other)}`;
  expect(differencesFrom({ release: boot.release, commandLine }, boot)).toEqual([
    'its kernel is another build of that release, or was started with parameters of another cell',
  ]);
});

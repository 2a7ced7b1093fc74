import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { differencesFrom, dropInFor, markOf, parseEntries } from './grub.ts';

/** As update-grub wrote it on a Debian 12 that was made for the end-to-end test. */
const grubCfg = readFileSync(path.join(import.meta.dirname, 'captured/grub-debian-12.cfg'), 'utf8');
const boot = { release: '4.18.0-base', parameters: ['maxcpus=10', 'kvm-intel.nested=1'] };

test('the menu has an entry for each kernel, and none of its recovery entries', () => {
  const uuid = /gnulinux-simple-([\w-]+)/.exec(grubCfg)?.[1] ?? 'none';
  expect([...parseEntries(grubCfg)]).toEqual([
    ['6.1.0-50-cloud-amd64', `gnulinux-advanced-${uuid}>gnulinux-6.1.0-50-cloud-amd64-advanced-${uuid}`],
  ]);
});

test('with one kernel more, in the order of the menu', () => {
  const entry =
    grubCfg.split('\n').find((line) => line.includes('-advanced-') && line.includes('menuentry ')) ?? '';
  const more = grubCfg.replace(entry, `${entry.replaceAll('6.1.0-50-cloud-amd64', boot.release)}\n${entry}`);
  expect([...parseEntries(more).keys()]).toEqual([boot.release, '6.1.0-50-cloud-amd64']);
});

test('the drop-in adds to what the machine has, for whichever shell reads it', () => {
  const text = dropInFor(boot);
  const read = execFileSync('sh', [
    '-c',
    `GRUB_CMDLINE_LINUX="console=ttyS0"; ${text}\nprintf '%s|%s' "$GRUB_DEFAULT" "$GRUB_CMDLINE_LINUX"`,
  ]);
  expect(read.toString()).toBe(`saved|console=ttyS0 maxcpus=10 kvm-intel.nested=1 panic=10 ${markOf(boot)}`);
});

test('a machine that runs what is asked for is left alone', () => {
  const commandLine = `root=UUID=1 ro maxcpus=10 kvm-intel.nested=1 ${markOf(boot)}\n`;
  expect(differencesFrom({ release: boot.release, commandLine }, boot)).toEqual([]);
  // Nor is one that a person set up by hand.
  expect(
    differencesFrom({ release: boot.release, commandLine: commandLine.replace(/nestbench\S+/, '') }, boot),
  ).toEqual([]);
});

test('each difference is told', () => {
  const running = { release: '6.1.0-50-cloud-amd64', commandLine: 'root=UUID=1 maxcpus=1' };
  expect(differencesFrom(running, boot)).toEqual([
    'its kernel is 6.1.0-50-cloud-amd64, and 4.18.0-base is asked for',
    'its kernel was started without maxcpus=10 kvm-intel.nested=1',
  ]);
  // What another cell asked for, and this one does not.
  const other = { ...boot, parameters: [...boot.parameters, 'intel_iommu=on'] };
  const commandLine = `maxcpus=10 kvm-intel.nested=1 intel_iommu=on ${markOf(other)}`;
  expect(differencesFrom({ release: boot.release, commandLine }, boot)).toEqual([
    'its kernel was started with parameters of another cell',
  ]);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import {
  availableMemory,
  checkResources,
  describeHost,
  hostVirtualization,
  openingFix,
} from './host-resources.ts';

/** A directory used as `/`, with these files. */
function hostWith(files: Record<string, string>): string {
  const root = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

const MEMINFO = 'MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n';

test('too little disk space or memory is reported with what is needed and what was found', async () => {
  const cacheDirectory = path.join(temporaryDirectory(), 'cache');
  await checkResources({ cacheDirectory, cacheBytes: 1, memoryBytes: 1 });
  const disk = checkResources({ cacheDirectory, cacheBytes: 2 ** 60, memoryBytes: 1 });
  await expect(disk).rejects.toMatchObject({ code: 'NESTBENCH_NO_SPACE', kind: 'configuration' });
  await expect(disk).rejects.toThrow(
    /needs 1048576 TiB of free space, and its file system has [\d.]+ [MGT]iB/,
  );
  const memory = checkResources({ cacheDirectory, cacheBytes: 1, memoryBytes: 2 ** 60 });
  await expect(memory).rejects.toMatchObject({ code: 'NESTBENCH_TOO_LITTLE_MEMORY', kind: 'configuration' });
});

test('without control groups the kernel estimates the available memory', async () => {
  const root = hostWith({ 'proc/meminfo': MEMINFO });
  expect(await availableMemory(root)).toEqual({ bytes: 8_000_000 * 1024, limitedBy: '' });
});

test('a lower limit of a parent control group applies', async () => {
  const root = hostWith({
    'proc/meminfo': MEMINFO,
    'proc/self/cgroup': '0::/ci/job\n',
    'sys/fs/cgroup/ci/memory.max': '3000000000\n',
    'sys/fs/cgroup/ci/memory.current': '1000000000\n',
    'sys/fs/cgroup/ci/job/memory.max': 'max\n',
    'sys/fs/cgroup/ci/job/memory.current': '500000000\n',
  });
  const { bytes, limitedBy } = await availableMemory(root);
  expect(bytes).toBe(2_000_000_000);
  expect(limitedBy).toContain('/ci');
});

test('describes this host', () => {
  const host = describeHost();
  expect(host.cpus).toBeGreaterThan(0);
  expect(host.kernel).not.toBe('');
});

const SVM = 'flags\t\t: fpu svm npt\n';
const cases: [string, Record<string, string>, 'kvm' | 'tcg', RegExp, RegExp?][] = [
  ['no /dev/kvm', { 'proc/cpuinfo': SVM }, 'tcg', /can.t be opened.*ENOENT/, /^sudo modprobe kvm_amd;/],
  [
    'a software KVM',
    { 'dev/kvm': '', 'proc/cpuinfo': 'flags\t: fpu\n' },
    'tcg',
    /neither svm nor vmx/,
    /VT-x/,
  ],
  [
    'no nesting',
    { 'dev/kvm': '', 'proc/cpuinfo': SVM, 'sys/module/kvm_amd/parameters/nested': '0\n' },
    'tcg',
    /kvm_amd has nested=0/,
    /options kvm_amd nested=1/,
  ],
  [
    'nesting on AMD',
    { 'dev/kvm': '', 'proc/cpuinfo': SVM, 'sys/module/kvm_amd/parameters/nested': '1\n' },
    'kvm',
    /svm/,
  ],
  [
    'nesting on Intel',
    { 'dev/kvm': '', 'proc/cpuinfo': 'flags\t: vmx\n', 'sys/module/kvm_intel/parameters/nested': 'Y\n' },
    'kvm',
    /kvm_intel has nested=Y/,
  ],
];
test.each(cases)('%s', async (_name, files, accelerator, why, fix) => {
  const found = await hostVirtualization(hostWith(files));
  expect(found.accelerator).toBe(accelerator);
  expect(found.extension).toBe(
    accelerator === 'kvm' ? /svm|vmx/.exec(files['proc/cpuinfo'] ?? '')?.[0] : undefined,
  );
  expect(found.why).toMatch(why);
  expect(found.fix ?? '').toMatch(fix ?? /^$/);
});

test.each([
  ['EACCES', /^sudo usermod --append --groups kvm .*; in a container of Docker, .*--group-add keep-groups$/],
  ['EPERM', /^start the container with --device \/dev\/kvm$/],
  ['ENODEV', /^sudo modprobe kvm_intel; if it refuses, turn on VT-x/],
])('a /dev/kvm that fails with %s', (code, fix) => {
  expect(openingFix(code, 'vmx')).toMatch(fix);
});

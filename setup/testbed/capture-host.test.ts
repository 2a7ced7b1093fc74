import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { captureHost } from './capture-host.ts';
import { capturedHost, capturedLines } from './captured-host.testing.ts';
import { hostVirtualization } from './host-resources.ts';

const VIRTUALIZATION = { accelerator: 'tcg', why: 'kvm_intel has nested=0' } as const;

test('a capture has the first CPU only, and every parameter of KVM', () => {
  const root = temporaryDirectory();
  const files = {
    'proc/cpuinfo': 'processor\t: 0\nflags\t\t: vmx\n\nprocessor\t: 1\nflags\t\t: vmx\n\n',
    'sys/module/kvm_intel/parameters/nested': 'N\n',
    'sys/module/kvm_intel/parameters/ept': 'Y\n',
    'sys/module/kvm/parameters/halt_poll_ns': '200000\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const [first, , ...rest] = captureHost(VIRTUALIZATION, root).split('\n');
  expect(first).toBe('nestbench would choose tcg: kvm_intel has nested=0');
  expect(rest).toEqual([
    '/proc/cpuinfo: processor\t: 0',
    '/proc/cpuinfo: flags\t\t: vmx',
    '/sys/module/kvm/parameters/halt_poll_ns: 200000',
    '/sys/module/kvm_intel/parameters/ept: Y',
    '/sys/module/kvm_intel/parameters/nested: N',
  ]);
});

test('this host has such files', () => {
  const text = captureHost(VIRTUALIZATION);
  expect(text).toMatch(/^\/proc\/cpuinfo: model name/m);
  expect(text).toMatch(/^\/etc\/os-release: ID=/m);
});

test.each(['amd', 'intel'] as const)('a captured host with %s is captured again as it is', async (name) => {
  const root = capturedHost(name);
  const [first, , ...lines] = captureHost(await hostVirtualization(root), root).split('\n');
  expect(first).toMatch(/^nestbench would choose kvm: /);
  // The report says nothing of the process that makes it.
  const captured = capturedLines(name).filter((line) => !line.startsWith('/proc/self/'));
  expect(lines.toSorted()).toEqual(captured.toSorted());
});

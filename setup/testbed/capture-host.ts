/** `npm run doctor -- --report`: what a host says about its CPU, KVM and limits, for a user to send. */
import { globSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { errorCode } from '../lib/error-text.ts';
import type { HostVirtualization } from './host-resources.ts';

/** Nothing that names the machine, its user or its network. */
const FILES = [
  'etc/os-release',
  'proc/version',
  'sys/class/dmi/id/{sys_vendor,product_name}',
  'run/systemd/container',
  'sys/devices/system/cpu/{online,vulnerabilities/*,cpu*/topology/thread_siblings_list}',
  'sys/devices/system/node/node*/cpulist',
  'sys/devices/cpu_atom/cpus',
  'sys/devices/system/clocksource/clocksource0/current_clocksource',
  'sys/module/{kvm,kvm_amd,kvm_intel}/parameters/*',
  'sys/fs/selinux/enforce',
  'proc/sys/kernel/{apparmor_restrict_unprivileged_userns,unprivileged_userns_clone}',
  'proc/sys/user/max_user_namespaces',
  'proc/self/uid_map',
  'proc/meminfo',
];

/** Text of lines `/path: content`; a file of several lines has one for each. */
export function captureHost({ accelerator, why }: HostVirtualization, root = '/'): string {
  const files = FILES.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted());
  return [
    `nestbench would choose ${accelerator}: ${why}`,
    `Node ${process.version}, Linux ${release()}, user ${process.getuid?.() === 0 ? 'root' : 'not root'}`,
    ...firstCpu(root),
    ...files.flatMap((file) => linesOf(root, file)),
  ].join('\n');
}

/** The others differ only in numbers. */
function firstCpu(root: string): string[] {
  const lines = linesOf(root, 'proc/cpuinfo');
  const end = lines.findIndex((line) => line === '/proc/cpuinfo: ');
  return end < 0 ? lines : lines.slice(0, end);
}

function linesOf(root: string, file: string): string[] {
  try {
    const text = readFileSync(path.join(root, file), 'utf8').trimEnd();
    return text.split('\n').map((line) => `/${file}: ${line}`);
  } catch (error) {
    return [`/${file}: ${errorCode(error) ?? String(error)}`];
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { namespaceAdvice } from './namespace.ts';

test.each([
  [
    'Ubuntu',
    'proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    '1',
    'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  ],
  [
    'a Debian that is set so',
    'proc/sys/kernel/unprivileged_userns_clone',
    '0',
    'sudo sysctl kernel.unprivileged_userns_clone=1',
  ],
  ['a hardened host', 'proc/sys/user/max_user_namespaces', '0', 'sudo sysctl user.max_user_namespaces=15000'],
  ['SELinux', 'sys/fs/selinux/enforce', '1', 'sudo ausearch -m avc -ts recent'],
  [
    'a host that allows them',
    'proc/sys/user/max_user_namespaces',
    '96365',
    'check that the host allows user namespaces',
  ],
])('on %s the advice is a command', (_name, file, value, advice) => {
  const root = temporaryDirectory();
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), `${value}\n`);
  expect(namespaceAdvice(root)).toContain(advice);
});

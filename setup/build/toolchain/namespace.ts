/** How an ordinary user gets files owned by root into an image: as root of a user namespace. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { UnbuildableError } from '../build-errors.ts';
import { passwdName } from '../../lib/user.ts';
import { toolEnvironment } from '../tool.ts';

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Wraps a command so that it may set any owner. For an ordinary user it becomes root of a user namespace, with the
 * subordinate ids of /etc/subuid for all other users, and with its own mounts; root needs neither.
 */
export function asOwner(argv: readonly string[]): string[] {
  if (isRoot()) return [...argv];
  return ['unshare', '--map-root-user', '--map-auto', '--mount', '--', ...argv];
}

/**
 * Tests such a namespace, so that a host without one gets one sentence.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED, kind configuration, with the command to run.
 */
export async function assertOwnership(): Promise<void> {
  const [file = '', ...words] = asOwner(['true']);
  const trial = await execa(file, words, { reject: false, env: toolEnvironment() });
  if (trial.exitCode === 0) return;
  const username = passwdName();
  const subordinate =
    username === undefined
      ? 'This user has no entry in /etc/passwd, and so no subordinate ids: choose a user with one'
      : `If /etc/subuid has no line for ${username}, run: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`;
  throw new UnbuildableError({
    message: `The guests' files have to be owned by root, for which an ordinary user needs a user namespace with subordinate ids, and "${file} ${words.join(' ')}" failed: ${trial.stderr.trim()}. ${subordinate}. Otherwise ${namespaceAdvice()}`,
    machine: 'host',
    output: trial.stderr,
  });
}

/** Settings that keep ordinary users from user namespaces: AppArmor's (Ubuntu), Debian's own, and the kernel's. */
const LIMITS = [
  { name: 'kernel.apparmor_restrict_unprivileged_userns', limits: '1', allows: '0' },
  { name: 'kernel.unprivileged_userns_clone', limits: '0', allows: '1' },
  { name: 'user.max_user_namespaces', limits: '0', allows: '15000' },
];

/** What to do on a host that refuses user namespaces, to be read after "Otherwise". */
export function namespaceAdvice(root = '/'): string {
  const limit = LIMITS.find(({ name, limits }) => setting(root, name) === limits);
  if (limit !== undefined) {
    const { name, limits, allows } = limit;
    return `this host's ${name}=${limits} keeps ordinary users from them. Run: sudo sysctl ${name}=${allows}`;
  }
  if (read(path.join(root, 'sys/fs/selinux/enforce')) === '1')
    return "SELinux may refuse them: sudo ausearch -m avc -ts recent says whether it does, and this host's administrator can allow it. Or run as root.";
  return 'check that the host allows user namespaces, or run as root.';
}

function setting(root: string, name: string): string | undefined {
  return read(path.join(root, 'proc/sys', ...name.split('.')));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

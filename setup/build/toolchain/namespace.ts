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
 * Tests a namespace like mmdebstrap's, so that a host without one gets one sentence. An ordinary user becomes root of it,
 * with the subordinate ids of /etc/subuid for all other users, and with its own mounts; root needs none.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED, kind configuration, with the command to run.
 */
export async function assertOwnership(): Promise<void> {
  if (isRoot()) return;
  // First without subordinate ids: if the kernel refuses the namespace, the child that would map them waits for ever, with
  // unshare's output open (util-linux 2.41, unshare.c).
  for (const ids of [[], ['--map-auto']])
    await tryNamespace(['--map-root-user', ...ids, '--mount', '--', 'true']);
}

async function tryNamespace(words: readonly string[]): Promise<void> {
  const trial = await execa('unshare', words, { reject: false, env: toolEnvironment() });
  if (trial.exitCode === 0) return;
  const username = passwdName();
  const subordinate =
    username === undefined
      ? 'This user has no entry in /etc/passwd, and so no subordinate ids: choose a user with one'
      : `If /etc/subuid has no line for ${username}, run: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`;
  throw new UnbuildableError({
    message: `The guests' files have to be owned by root, for which an ordinary user needs a user namespace with subordinate ids, and "unshare ${words.join(' ')}" failed: ${trial.stderr.trim()}. ${subordinate}. Otherwise ${namespaceAdvice()}`,
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
  return 'check that the host allows user namespaces, or run as root; in a container, start it with --cap-add SYS_ADMIN.';
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

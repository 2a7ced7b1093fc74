import { execa } from 'execa';
import { expect, test } from 'vitest';
import { processesWith } from '../../lib/processes.testing.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { isRoot } from './namespace.ts';

/** In a chroot the kernel refuses every user namespace (user_namespaces(7), EPERM), as Docker's default rights do. */
const IN_CHROOT = `mount --rbind / "$1"
exec chroot "$@"`;

test('a refused namespace is reported at once, and leaves no process', async ({ skip }) => {
  skip(!isRoot(), 'it takes root to become another user');
  const module = JSON.stringify(import.meta.resolve('./namespace.ts'));
  const program = `import { assertOwnership } from ${module};
    process.setgroups([]); process.setgid(1000); process.setuid(1000);
    await assertOwnership().catch((error) => console.log(error.message));`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  const argv = ['--mount', 'sh', '-euc', IN_CHROOT, 'sh', temporaryDirectory(), ...node];
  const { stdout } = await execa('unshare', argv, { timeout: 20_000 });
  expect(stdout).toMatch(/"unshare .*" failed: unshare: unshare failed: Operation not permitted\./);
  expect(stdout).toContain('in a container, start it with --cap-add SYS_ADMIN');
  expect(processesWith('--map-auto')).toEqual([]);
});

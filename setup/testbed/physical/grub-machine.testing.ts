/** This host with a separate /boot and GRUB's real programs, for tests: nothing of the host itself is changed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { hostMachine } from '../../machine/host.ts';
import { checkedOutput } from '../../machine/command.ts';
import type { Machine } from '../../machine/machine.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';

export interface GrubMachine extends AsyncDisposable {
  readonly machine: Machine;
  /** The directory of this host that is its /boot. */
  readonly boot: string;
}

/** Why there can be none; undefined if there can. */
export function whyNoGrub(): string | undefined {
  if (process.getuid?.() !== 0) return 'a mount namespace needs root';
  return existsSync('/usr/sbin/grub-reboot') ? undefined : 'there is no grub-reboot (Debian: grub2-common)';
}

/**
 * @param probe what grub-probe reports for /boot: abstractions, then the file system.
 */
export async function grubMachine(
  grubCfg: string,
  probe: { readonly abstraction: string; readonly fs: string } = { abstraction: '', fs: 'ext2' },
): Promise<GrubMachine> {
  const directory = temporaryDirectory();
  const boot = path.join(directory, 'boot');
  mkdirSync(path.join(boot, 'grub'), { recursive: true });
  writeFileSync(path.join(boot, 'grub/grub.cfg'), grubCfg);
  await execa('grub-editenv', [path.join(boot, 'grub/grubenv'), 'create']);
  // Whatever file system a test runs on.
  const said = path.join(directory, 'grub-probe');
  writeFileSync(
    said,
    `#!/bin/sh\ncase "$1" in --target=fs) echo '${probe.fs}' ;; *) echo '${probe.abstraction}' ;; esac\n`,
    { mode: 0o755 },
  );
  const script =
    'mkdir -p /boot && mount --bind "$1" /boot && mount --bind "$2" /usr/sbin/grub-probe && echo ready && exec cat';
  const namespace = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', boot, said], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(namespace.stdout, 'data');
  return { machine: inside(namespace), boot, [Symbol.asyncDispose]: () => ended(namespace) };
}

function inside({ pid }: ChildProcess): Machine {
  const host = hostMachine('server');
  const enter = ['nsenter', `--mount=/proc/${pid}/ns/mnt`];
  const machine: Machine = {
    ...host,
    run: (argv, options) => host.run([...enter, ...argv], options),
    check: (argv, options) => checkedOutput(machine, argv, options),
  };
  return machine;
}

async function ended(namespace: ChildProcess): Promise<void> {
  namespace.stdin?.end();
  if (namespace.exitCode === null) await once(namespace, 'exit');
}

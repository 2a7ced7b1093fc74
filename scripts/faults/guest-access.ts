/** Connects to the machines of another process's stack, with the keys of the snapshot that it was restored from. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ADDRESSES, type MachineName } from '../../fixtures/addresses.ts';
import { listeningPort } from '../../setup/lib/proc.ts';
import { hostMachine } from '../../setup/machine/host.ts';
import type { Machine } from '../../setup/machine/machine.ts';
import { connectSsh } from '../../setup/machine/ssh/ssh.ts';
import { snapshotRecord } from '../../setup/testbed/emulated/snapshot/snapshot-record.ts';
import type { Run } from '../cli/nestbench-run.ts';

const CONNECT_SECONDS = 20;

export async function reachGuest(
  name: MachineName,
  options: {
    readonly run: Run;
    readonly cache: string;
    readonly signal: AbortSignal;
    /** The server, for a machine in it. */
    readonly through?: Machine;
  },
): Promise<Machine> {
  const { run, cache, signal, through } = options;
  const { pid, argv } = await run.machine(through === undefined ? name : 'l0');
  const [, snapshot = ''] = /\/snapshots\/([^/]+)\//.exec(argv.join(' ')) ?? [];
  const file = path.join(cache, 'snapshots', snapshot, 'snapshot.json');
  const { keys } = snapshotRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  return connectSsh({
    name,
    open: (limit) =>
      through === undefined
        ? hostMachine().connect('127.0.0.1', forwardedPort(pid), limit)
        : through.connect(ADDRESSES[name], 22, limit),
    username: 'root',
    privateKey: keys.privateKey,
    hostKey: keys.hosts[name].publicKey,
    signal,
    deadlineSeconds: CONNECT_SECONDS,
  });
}

/** The only TCP port on which a QEMU of nestbench's listens: that of its guest's sshd. */
function forwardedPort(pid: number): number {
  const port = listeningPort(pid);
  if (port === undefined) throw new Error(`process ${pid} does not listen on a TCP port`);
  return port;
}

/** Pinning the vCPUs of a real QEMU. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { hostMachine } from '../machine/host.ts';
import { spawnQemu } from '../machine/qemu/qemu-process.ts';
import { connectQmp } from '../machine/qemu/qmp.ts';
import { openSocketOnceThere } from '../machine/socket.ts';
import { readHostCpus } from '../testbed/host-topology.ts';
import { pin } from './pin.ts';

test('each vCPU runs on its CPU, and one that QEMU does not have is named', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  const [socket, pidFile] = [path.join(directory, 'qmp'), path.join(directory, 'l0.pid')];
  const signal = AbortSignal.timeout(50_000);
  const cpus = await readHostCpus();
  const [first, last] = [cpus.at(0)?.cpu ?? 0, cpus.at(-1)?.cpu ?? 0];
  const argv = [
    ['qemu-system-x86_64', '-S', '-M', 'q35', '-smp', '2', '-nodefaults', '-display', 'none'],
    ['-qmp', `unix:${socket},server=on,wait=off`, '-pidfile', pidFile],
  ].flat();
  await using qemu = await spawnQemu({ argv, pidFile, logFile: path.join(directory, 'log'), signal });
  const options = { signal, deadlineSeconds: 30 };
  const stream = await openSocketOnceThere(hostMachine(), socket, 'QMP', options);
  await using qmp = await connectQmp(stream, { ...options, machine: 'l0' });
  const plan = { name: 'l0', cpus: 2, deadlineSeconds: 30 } as const;

  const pins = [last, first].map((cpu, vcpu) => ({ vcpu, cpu }));
  const pinned = await pin({ ...plan, pins }, qmp, hostMachine(), signal);
  expect(pinned.map(({ vcpu, cpu }) => ({ vcpu, cpu }))).toEqual(pins);
  for (const { thread, cpu } of pinned) {
    const status = readFileSync(`/proc/${qemu.pid}/task/${thread}/status`, 'utf8');
    expect(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1]).toBe(String(cpu));
  }

  await expect(pin({ ...plan, pins: [{ vcpu: 2, cpu: first }] }, qmp, hostMachine(), signal)).rejects.toThrow(
    'QEMU for l0 on host has no vCPU 2: it reports 2 of the planned 2.',
  );
});

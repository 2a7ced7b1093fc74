/** Sockets of this host in the place of a QEMU that another process started. */
import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { hostMachine } from '../machine/host.ts';
import { planStack } from '../testbed/emulated/stack-plan.ts';
import { attach } from './attach.ts';

/** Does that with every connection. */
async function listenAt(socket: string, onConnection: (stream: net.Socket) => void): Promise<void> {
  const server = net.createServer(onConnection);
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

test('a QEMU that ends before it answers is one that ended, and no fault of its snapshot', async () => {
  const runtime = temporaryDirectory();
  const cell = { name: 'l0-baseline', level: 0, configuration: 'baseline' } as const;
  const [server] = planStack(cell, {
    accelerator: 'tcg',
    card: 'virtio-net-pci',
    tscKhz: undefined,
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 1024 },
    paths: { kernel: '/k', image: '/i', emulator: '/e/bin/qemu-system-x86_64', tools: '/e/bin', runtime },
  }).levels;
  await listenAt(server.qemu.qmpSocket, (stream) => void stream.destroy());
  await listenAt(server.qemu.consoleSocket, (stream) => onTestFinished(() => void stream.destroy()));
  const attaching = attach(
    server,
    {},
    { below: hostMachine(), logs: runtime, signal: AbortSignal.timeout(30_000), onFailure: () => {} },
  );
  await expect(attaching).rejects.toMatchObject({
    code: 'NESTBENCH_GUEST_DIED',
    message: 'The QEMU that runs l0 on host ended. It printed nothing.',
  });
});

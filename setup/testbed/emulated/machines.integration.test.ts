import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { hostMachine } from '../../machine/host.ts';
import { connectQmp } from '../../machine/qemu/qmp.ts';
import { endOwned, spawnQemu } from '../../machine/qemu/qemu-process.ts';
import { waitUntil } from '../../lib/wait.ts';
import { parseForward } from './machines.ts';

const never = new AbortController().signal;
const host = hostMachine();
const patient = { machine: 'l0', signal: never, deadlineSeconds: 20, intervalMs: 20 };

/** `info usernet` of a real QEMU with this network. */
async function usernetOf(netdev: string, ask: (text: string) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const [socket, pidFile] = [path.join(directory, 'qmp'), path.join(directory, 'l0.pid')];
  const machine = ['-M', 'microvm,accel=tcg', '-S', '-nodefaults', '-display', 'none', '-netdev', netdev];
  const control = ['-qmp', `unix:${socket},server=on,wait=off`, '-pidfile', pidFile];
  await using held = new AsyncDisposableStack();
  held.defer(async () => void (await endOwned(directory)));
  await spawnQemu({
    argv: ['qemu-system-x86_64', ...machine, ...control],
    pidFile,
    logFile: path.join(directory, 'log'),
    signal: never,
  });
  const stream = await waitUntil('QMP', () => host.openSocket(socket, never).catch(() => undefined), patient);
  await using qmp = await connectQmp(stream, patient);
  await ask(await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' }));
}

describe('the forward to a machine’s sshd', () => {
  test('is found in what QEMU prints, on a port of 127.0.0.1 that accepts connections', async () => {
    await usernetOf('user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:0-:22', async (text) => {
      const port = parseForward(text) ?? 0;
      expect(port).toBeGreaterThan(1023);
      const socket = await host.connect('127.0.0.1', port, never);
      socket.destroy();
    });
  });

  test('is found next to an open connection', async () => {
    const open = [
      'Hub -1 (management):',
      '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
      '  TCP[ESTABLISHED]   21       127.0.0.1 40001       10.0.2.15    22     0     0',
      '  TCP[HOST_FORWARD]  12       127.0.0.1 41234       10.0.2.15    22     0     0',
      '',
    ].join('\r\n');
    expect(parseForward(open)).toBe(41_234);
  });

  test('is not found without one', async () => {
    await usernetOf('user,id=management,restrict=on', async (text) => {
      expect(parseForward(text)).toBeUndefined();
    });
  });

  test.each([
    [
      'of another protocol',
      '  UDP[HOST_FORWARD]  12       127.0.0.1 41234       10.0.2.15    22     0     0',
    ],
    ['open to the world', '  TCP[HOST_FORWARD]  12         0.0.0.0 41234       10.0.2.15    22     0     0'],
    ['cut off', '  TCP[HOST_FORWARD]  12       127.0.0.1 412'],
    ['nothing', ''],
  ])('is not mistaken for one that is %s', (_what, text) => {
    expect(parseForward(text)).toBeUndefined();
  });
});

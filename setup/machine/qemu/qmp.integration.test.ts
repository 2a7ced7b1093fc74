/** QMP against real QEMUs. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { hostMachine } from '../host.ts';
import { childrenOf } from '../../lib/processes.testing.ts';
import { connectQmp, type Qmp } from './qmp.ts';
import { type QemuProcess, spawnQemu } from './qemu-process.ts';
import { waitUntil } from '../../lib/wait.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const options = { machine: 'l1', signal: never, deadlineSeconds: 30 };
const host = hostMachine();

interface Testbed extends AsyncDisposable {
  readonly qemu: QemuProcess;
  readonly qmp: Qmp;
}

/** A QEMU that waits before its guest's first instruction; ended with the test, or by `timeout` if that fails. */
async function paused(...extra: string[]): Promise<Testbed> {
  const directory = temporaryDirectory();
  const [socket, pidFile] = [path.join(directory, 'qmp'), path.join(directory, 'l1.pid')];
  const machine = extra.length > 0 ? extra : ['-M', 'none'];
  const control = ['-qmp', `unix:${socket},server=on,wait=off`, '-pidfile', pidFile];
  const program = ['timeout', '--foreground', '60', 'qemu-system-x86_64'];
  const qemu = await spawnQemu({
    argv: [...program, ...machine, '-S', '-nodefaults', '-display', 'none', ...control],
    pidFile,
    logFile: path.join(directory, 'log'),
    signal: never,
  });
  const stream = await waitUntil(
    'the QMP socket',
    () => host.openSocket(socket, never).catch(() => undefined),
    {
      machine: 'host',
      deadlineSeconds: 30,
      intervalMs: 20,
      signal: never,
    },
  );
  const qmp = await connectQmp(stream, options);
  return {
    qemu,
    qmp,
    async [Symbol.asyncDispose]() {
      await qmp[Symbol.asyncDispose]();
      await qemu.end();
    },
  };
}

test("reports QEMU's version", async () => {
  await using bed = await paused();
  expect(bed.qmp.version).toMatch(/^\d+\.\d+\.\d+$/);
  const { qemu } = await bed.qmp.execute('query-version');
  expect(`${qemu.major}.${qemu.minor}.${qemu.micro}`).toBe(bed.qmp.version);
});

test('reports that TCG runs it, not KVM', async () => {
  await using bed = await paused();
  await expect(bed.qmp.execute('query-kvm')).resolves.toMatchObject({ enabled: false });
});

test('finds the thread of every vCPU before the first instruction, and starts them', async () => {
  await using bed = await paused('-M', 'pc', '-accel', 'tcg,thread=multi', '-m', '32', '-smp', '2');
  const cpus = await bed.qmp.execute('query-cpus-fast');
  expect(cpus.map((cpu) => cpu['cpu-index'])).toEqual([0, 1]);
  expect(new Set(cpus.map((cpu) => cpu['thread-id'])).size).toBe(2);
  await expect(bed.qmp.execute('query-status')).resolves.toMatchObject({
    running: false,
    status: 'prelaunch',
  });
  await bed.qmp.execute('cont');
  await expect(bed.qmp.execute('query-status')).resolves.toMatchObject({ running: true });
});

test("rejects a command that QEMU rejects, with QEMU's class and description", async () => {
  await using bed = await paused();
  await expect(bed.qmp.execute('no-such-command')).rejects.toMatchObject({
    code: 'NESTBENCH_COMMAND_FAILED',
    message:
      'QEMU of l1 refused no-such-command: CommandNotFound: The command no-such-command has not been found',
    machine: 'l1',
    argv: ['no-such-command'],
  });
});

test('passes arguments', async () => {
  await using bed = await paused();
  const answer = await bed.qmp.execute('human-monitor-command', { 'command-line': 'info status' });
  expect(answer).toContain('VM status: paused');
});

test('sends events to listeners until they stop', async () => {
  await using bed = await paused('-M', 'pc', '-m', '32');
  const heard: string[] = [];
  const stopListening = bed.qmp.on('RESUME', (event) => void heard.push(event.event));
  await bed.qmp.execute('cont');
  await bed.qmp.execute('stop');
  stopListening();
  await bed.qmp.execute('cont');
  await bed.qmp.execute('query-status');
  expect(heard).toEqual(['RESUME']);
});

test('a listener that fails does not disturb others', async () => {
  await using bed = await paused('-M', 'pc', '-m', '32');
  const warned = once(process, 'warning');
  bed.qmp.on('RESUME', async () => {
    throw new Error('broken listener');
  });
  await bed.qmp.execute('cont');
  const [warning]: unknown[] = await warned;
  expect(String(warning)).toContain("A listener to QEMU's RESUME failed: broken listener");
});

test('quit ends QEMU and the connection, and resolves', async () => {
  await using bed = await paused();
  await bed.qmp.execute('quit');
  await bed.qmp.closed;
  await expect(bed.qemu.exited).resolves.toMatchObject({ exitCode: 0 });
  await expect(bed.qmp.execute('query-status')).rejects.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST' });
});

test('a QEMU that dies rejects pending commands', async () => {
  await using bed = await paused();
  const [child = 0] = childrenOf(bed.qemu.pid);
  process.kill(child, 'SIGSTOP');
  const asked = bed.qmp.execute('query-status');
  process.kill(child, 'SIGKILL');
  await expect(asked).rejects.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST', machine: 'l1' });
});

test('a QEMU that hangs is given up at the deadline', async () => {
  await using bed = await paused();
  const [child = 0] = childrenOf(bed.qemu.pid);
  process.kill(child, 'SIGSTOP');
  const asked = bed.qmp.execute('query-status', undefined, { deadlineSeconds: 0.3 });
  await expect(asked).rejects.toThrow("Waited 0.3 s on l1 for QEMU's answer to query-status.");
  process.kill(child, 'SIGCONT');
  await expect(bed.qmp.execute('query-status')).resolves.toMatchObject({ status: 'prelaunch' });
});

test('an abort ends the wait for an answer, and keeps the connection', async () => {
  await using bed = await paused();
  const controller = new AbortController();
  const asked = bed.qmp.execute('query-status', undefined, { signal: controller.signal });
  controller.abort();
  await expect(asked).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
  await expect(bed.qmp.execute('query-status')).resolves.toMatchObject({ running: false });
});

test('a QEMU that already serves another client gives no greeting, and is not waited for longer than the deadline', async () => {
  const silent = createServer().listen(path.join(temporaryDirectory(), 's'));
  await once(silent, 'listening');
  const accepted = once(silent, 'connection');
  const stream = await host.openSocket(addressOf(silent), never);
  const client: Socket = (await accepted)[0];
  await expect(connectQmp(stream, { ...options, deadlineSeconds: 0.3 })).rejects.toThrow(
    "Waited 0.3 s on l1 for QEMU's QMP greeting.",
  );
  await once(client.resume(), 'close');
  silent.close();
});

function addressOf(server: Server): string {
  const address = server.address();
  if (typeof address !== 'string') throw new Error('not a Unix socket');
  return address;
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Console } from './console.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

const never = new AbortController().signal;
const soon = { signal: never, deadlineSeconds: 30 };

function openConsole(): { stream: PassThrough; guest: Console } {
  const stream = new PassThrough();
  const file = path.join(temporaryDirectory(), 'l1.console');
  return { stream, guest: new Console(stream, { machine: 'l1', file }) };
}

test('the file has every byte, including control codes', async () => {
  const { stream, guest } = openConsole();
  const bytes = Buffer.from('\u001B[31mred\u001B[0m\r\n\u00E9\u0000\n');
  stream.write(bytes.subarray(0, 3));
  stream.end(bytes.subarray(3));
  await guest.closed;
  expect(readFileSync(guest.file)).toEqual(bytes);
});

test('the tail is plain text', async () => {
  const { stream, guest } = openConsole();
  stream.end('one\r\n\u001B[32mtwo\u001B[0m\r\nthree\r\n');
  await guest.closed;
  expect(guest.tail(2)).toBe('two\nthree');
});

test('a console that continues from a snapshot includes the earlier text, and only waits for new text', async () => {
  const { stream: before, guest: saved } = openConsole();
  before.end('\u001B[32mup\u001B[0m\r\nKernel panic - not syncing: long ago\r\n');
  await saved.closed;
  const stream = new PassThrough();
  const guest = new Console(stream, { machine: 'l1', file: saved.file, goesOn: true });
  expect(guest.tail(2)).toBe('up\nKernel panic - not syncing: long ago');
  const seen = guest.seen(/^(up|again)$/m, soon);
  stream.write('again\r\n');
  expect((await seen)[0]).toBe('again');
  expect(guest.tail(1)).toBe('again');
  const afresh = new Console(new PassThrough(), { machine: 'l1', file: saved.file });
  expect(afresh.tail(2)).toBe('');
});

test('a pattern is found however the text is cut', async () => {
  const text = '[    0.1] Linux version 6.1\r\n\u001B[1;32mL1 é ready\u001B[0m\r\n';
  const bytes = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 }),
      async (sizes) => {
        const { stream, guest } = openConsole();
        const seen = guest.seen('L1 é ready\n', soon);
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          stream.write(bytes.subarray(at, at + size));
          at += size;
        }
        await expect(seen).resolves.toMatchObject({ index: 28 });
        stream.end();
        await guest.closed;
      },
    ),
    { numRuns: 50 },
  );
});

test('a pattern is found although it was printed before the wait', async () => {
  const { stream, guest } = openConsole();
  stream.write('login: ');
  await sleep(20);
  await expect(guest.seen(/log(in)/g, soon)).resolves.toMatchObject({ 1: 'in' });
});

test('a deadline reports what was not seen, with the last lines', async () => {
  const { stream, guest } = openConsole();
  stream.write('Booting...\n');
  await expect(guest.seen(/login:/, { ...soon, deadlineSeconds: 0.2 })).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringContaining('on l1 for /login:/ on its console'),
    machine: 'l1',
    output: 'Booting...',
  });
});

test('an abort ends the wait', async () => {
  const { guest } = openConsole();
  const controller = new AbortController();
  const seen = guest.seen('login:', { ...soon, signal: controller.signal });
  controller.abort();
  await expect(seen).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED' });
});

test('a console that ends also ends the wait, with its last lines', async () => {
  const { stream, guest } = openConsole();
  const seen = guest.seen('login:', soon);
  stream.end('Power down\n');
  await expect(seen).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    output: 'Power down',
  });
});

test('a panic is reported with its reason, however the text is cut', async () => {
  const text =
    'ok\r\n[    0.7] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n[ 0.8] CPU: 0\r\n';
  const cuts = Array.from({ length: text.length }, (_, at) => at);
  for (const at of cuts) {
    const { stream, guest } = openConsole();
    stream.write(text.slice(0, at));
    stream.write(text.slice(at));
    await expect(guest.panicked).resolves.toBe('VFS: Unable to mount root fs');
  }
});

test('a panic whose line is incomplete is reported after a moment', async () => {
  const { stream, guest } = openConsole();
  stream.write('Kernel panic - not syncing: Attempted to kill in');
  await expect(guest.panicked).resolves.toBe('Attempted to kill in');
});

test('a panic ends the wait for anything else', async () => {
  const { stream, guest } = openConsole();
  const seen = guest.seen('login:', soon);
  stream.write('Kernel panic - not syncing: Fatal exception\n');
  await expect(seen).rejects.toMatchObject({
    code: 'NESTBENCH_GUEST_PANICKED',
    machine: 'l1',
    output: 'Kernel panic - not syncing: Fatal exception',
  });
});

test('it remembers when the guest last printed something', async () => {
  const { stream, guest } = openConsole();
  expect(guest.lastOutputAt).toBeUndefined();
  const before = Date.now();
  stream.write('hello');
  await guest.seen('hello', soon);
  expect(guest.lastOutputAt?.getTime()).toBeGreaterThanOrEqual(before);
});

test('a console with endless output keeps its end', async () => {
  const { stream, guest } = openConsole();
  for (let n = 0; n < 2000; n += 1) stream.write(`${n} ${'x'.repeat(1000)}\n`);
  stream.end('the end\n');
  await guest.closed;
  expect(guest.tail(1)).toBe('the end');
  expect(guest.text.length).toBeLessThan(1024 * 1024);
});
